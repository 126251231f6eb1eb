import { decodeProfiles } from '@faultline/test-support/otlp-decode'
import { RandomIdGenerator } from '@opentelemetry/sdk-trace'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Dictionary } from './dictionary.ts'
import type { SampleOrigin } from './plugin.ts'
import { encodeProfiles, profileResource, type ValueType } from './profile-encoding.ts'

const ids = new RandomIdGenerator()

const cpu: ValueType = {
  index: 0,
  type: 'samples',
  unit: 'count',
  periodType: 'cpu',
  periodUnit: 'nanoseconds',
  period: 1,
}
const wall: ValueType = {
  ...cpu,
  index: 1,
  type: 'wall',
  unit: 'nanoseconds',
  periodType: 'wall',
  period: 10,
}
const resource = {
  resource: profileResource({ attributes: { 'service.name': 'catalog' } }).resource,
  sampleAttributes: { 'service.name': 'catalog', service_instance_id: 'catalog-1' },
}
const window = { startUnixMs: 1_763_875_155_000, durationMs: 10_000 }

const origins: readonly SampleOrigin[] = [
  { route: '/concerts/{id}', traceId: ids.generateTraceId(), spanId: ids.generateSpanId() },
  { route: undefined, traceId: ids.generateTraceId(), spanId: ids.generateSpanId() },
  { route: '/venues', traceId: '', spanId: '' },
]

describe('profile encoding', () => {
  it('keeps stacks, values, routes and links of any samples', () => {
    const row = fc.record({
      stack: fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }), {
        minLength: 1,
        maxLength: 30,
      }),
      values: fc.tuple(fc.nat(), fc.nat()),
      origin: fc.constantFrom(undefined, ...origins),
    })
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const dictionary = new Dictionary()
        const samples = rows.map(({ stack, ...rest }) => ({
          ...rest,
          stack: dictionary.stack(stack.map((name, line) => dictionary.location(name, 'app.js', line))),
        }))
        const encoded = encodeProfiles([{ samples, valueTypes: [cpu, wall] }], window, dictionary, resource)
        const decoded = decodeProfiles(encoded.body)
        for (const [index, profile] of decoded.entries()) {
          const expected = rows
            .map(({ stack, values, origin }) => ({
              value: values[index],
              stack,
              attributes: {
                'service.name': 'catalog',
                service_instance_id: 'catalog-1',
                ...(origin?.route === undefined ? {} : { http_route: origin.route }),
              },
              traceId: origin?.traceId ?? '',
              spanId: origin?.spanId ?? '',
            }))
            .filter(({ value }) => value !== 0)
          expect(profile.samples).toEqual(expected)
        }
        expect(decoded).toHaveLength(2)
        expect(encoded.samples).toBe(rows.flatMap(({ values }) => values).filter((value) => value > 0).length)
      }),
    )
  })

  it('writes type, period, time and resource', () => {
    const { body } = encodeProfiles(
      [{ samples: [], valueTypes: [cpu, wall] }],
      window,
      new Dictionary(),
      resource,
    )
    const profiles = decodeProfiles(body)
    expect(profiles.map(({ type, period }) => [type, period])).toEqual([
      ['samples:count:cpu:nanoseconds', 1],
      ['wall:nanoseconds:wall:nanoseconds', 10],
    ])
    expect(profiles[0]).toMatchObject({
      resource: { 'service.name': 'catalog' },
      durationNanos: 10_000_000_000n,
    })
    // A double's step at that size is 256 ns.
    expect(Number((profiles[0]?.timeNanos ?? 0n) - 1_763_875_155_000_000_000n)).toBeCloseTo(0, -3)
  })
})
