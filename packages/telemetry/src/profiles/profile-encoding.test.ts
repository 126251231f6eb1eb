import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeProfiles } from '../../test/otlp/decode.ts'
import { encodeResource } from '../resource.ts'
import { newSpanId, newTraceId } from '../trace/ids.ts'
import type { PprofProfile } from './pprof.ts'
import { encodeProfiles, ORIGIN_LABEL, type ValueType } from './profile-encoding.ts'

const cpu: ValueType = {
  index: 1,
  type: 'samples',
  unit: 'count',
  periodType: 'cpu',
  periodUnit: 'nanoseconds',
  period: 1,
}
const resource = {
  resource: encodeResource({ 'service.name': 'catalog' }),
  sampleAttributes: { 'service.name': 'catalog', service_instance_id: 'catalog-1' },
}

interface Row {
  readonly stack: readonly string[]
  readonly value: number
  readonly origin?: number | undefined
}

/** The tables @datadog/pprof makes, with ids that count from 1. */
function pprof(rows: readonly Row[]): PprofProfile {
  const strings = ['', ORIGIN_LABEL]
  const names = [...new Set(rows.flatMap(({ stack }) => stack))]
  for (const name of names) strings.push(name)
  const stringOf = (name: string): number => strings.indexOf(name)
  return {
    stringTable: { strings },
    function: names.map((name, index) => ({ id: index + 1, name: stringOf(name), filename: 0 })),
    location: names.map((_, index) => ({ id: index + 1, line: [{ functionId: index + 1, line: index }] })),
    sample: rows.map(({ stack, value, origin }) => ({
      locationId: stack.map((name) => names.indexOf(name) + 1),
      value: [1, value],
      label: origin === undefined ? [] : [{ key: 1, num: origin }],
    })),
  } as unknown as PprofProfile
}

const time = { startUnixMs: 1_763_875_155_000, durationMs: 10_000 }

describe('profile encoding', () => {
  it('keeps stacks, values, routes and links of any samples', () => {
    const name = fc.stringMatching(/^[a-z]{1,4}$/).filter((text) => text !== ORIGIN_LABEL)
    const row = fc.record({
      stack: fc.array(name, { minLength: 1, maxLength: 30 }),
      value: fc.integer({ min: 1 }),
      origin: fc.option(fc.nat({ max: 2 }), { nil: undefined }),
    })
    const origins = [
      { route: '/concerts/{id}', span: { traceId: newTraceId(), spanId: newSpanId() } },
      { route: undefined, span: { traceId: newTraceId(), spanId: newSpanId() } },
      { route: '/venues', span: undefined },
    ]
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const collected = { profile: pprof(rows), valueTypes: [cpu], origins, ...time }
        const { body, samples } = encodeProfiles([collected], resource)
        const [profile] = decodeProfiles(body)
        expect(samples).toBe(rows.length)
        expect(profile?.samples).toEqual(
          rows.map(({ stack, value, origin: index }) => {
            const origin = index === undefined ? undefined : origins[index]
            return {
              value,
              stack,
              attributes: {
                'service.name': 'catalog',
                service_instance_id: 'catalog-1',
                ...(origin?.route === undefined ? {} : { http_route: origin.route }),
              },
              traceId: origin?.span?.traceId ?? '',
              spanId: origin?.span?.spanId ?? '',
            }
          }),
        )
      }),
    )
  })

  it('writes one profile a value type, with time, period and resource', () => {
    const wall: ValueType = {
      ...cpu,
      index: 0,
      type: 'wall',
      unit: 'nanoseconds',
      periodType: 'wall',
      period: 10,
    }
    const profile = pprof([{ stack: ['leaf', 'root'], value: 7 }])
    const { body } = encodeProfiles([{ profile, valueTypes: [cpu, wall], origins: [], ...time }], resource)
    const profiles = decodeProfiles(body)
    expect(profiles.map(({ type, period }) => [type, period])).toEqual([
      ['samples:count:cpu:nanoseconds', 1],
      ['wall:nanoseconds:wall:nanoseconds', 10],
    ])
    expect(profiles[0]).toMatchObject({
      resource: { 'service.name': 'catalog' },
      timeNanos: 1_763_875_155_000_000_000n,
      durationNanos: 10_000_000_000n,
    })
  })

  it('leaves out samples without a value', () => {
    const profile = pprof([{ stack: ['idle'], value: 0 }])
    expect(encodeProfiles([{ profile, valueTypes: [cpu], origins: [], ...time }], resource).samples).toBe(0)
  })
})
