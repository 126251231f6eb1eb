import { propagation } from '@opentelemetry/api'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatBaggage, parseBaggage } from './baggage.ts'

const KEYS = new Set(['box_office.order.channel', 'tenant'])

const entriesOf = (header: string) =>
  Object.fromEntries(
    (parseBaggage(header, KEYS)?.getAllEntries() ?? []).map(([key, { value }]) => [key, value]),
  )

describe('baggage', () => {
  it('comes back as it was written, whatever the values', () => {
    const value = fc.string({ unit: 'binary', maxLength: 200 })
    const members = fc.record(
      { 'box_office.order.channel': value, tenant: value },
      { requiredKeys: ['tenant'] },
    )
    fc.assert(
      fc.property(members, (expected) => {
        const entries = Object.entries(expected).map(([key, text]) => [key, { value: text }])
        const header = formatBaggage(propagation.createBaggage(Object.fromEntries(entries)), KEYS)
        expect(header).toMatch(/^[\x21-\x7e]*$/)
        expect(entriesOf(header)).toEqual(expected)
      }),
    )
  })

  it('never throws and holds nothing that is not listed', () => {
    const text = fc.oneof(
      fc.string(),
      fc.stringMatching(/^(tenant|other|__proto__)=[^,]*(,tenant=%[\dg]*)?$/),
    )
    fc.assert(
      fc.property(text, (header) => {
        for (const key of Object.keys(entriesOf(header))) expect(KEYS).toContain(key)
      }),
    )
  })

  it('reads members among others, without their properties', () => {
    expect(entriesOf('other=1, tenant = a%20b ; ttl=3,=,box_office.order.channel=web')).toEqual({
      tenant: 'a b',
      'box_office.order.channel': 'web',
    })
  })

  it('skips a malformed member, and a header that is too long as a whole', () => {
    expect(entriesOf('tenant=%zz,box_office.order.channel=web')).toEqual({
      'box_office.order.channel': 'web',
    })
    expect(entriesOf(`tenant=${'a'.repeat(8_192)}`)).toEqual({})
  })

  it('writes nothing past the limit, nor of keys that are not listed', () => {
    const baggage = propagation.createBaggage({
      tenant: { value: 'a'.repeat(9_000) },
      'box_office.order.channel': { value: 'web' },
      secret: { value: 'x' },
    })
    expect(formatBaggage(baggage, KEYS)).toBe('box_office.order.channel=web')
    expect(formatBaggage(baggage, new Set())).toBe('')
  })
})
