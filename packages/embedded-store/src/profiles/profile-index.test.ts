import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type PlainProfile, type PlainSample, profilesRequest } from '../../test/support/profiles.ts'
import { Refusal } from '../refusal.ts'
import { convertProfiles } from './convert-otlp.ts'
import { ProfileIndex } from './profile-index.ts'
import { type CallNode, mergeStacks, type SampleSelection, timeSeries } from './samples.ts'
import { parseSelector } from './selector.ts'

const MIB = 1024 * 1024
const ALWAYS = { startMs: 0, endMs: Number.POSITIVE_INFINITY }
const EVERYTHING: SampleSelection = { matchers: [], range: ALWAYS }

function indexOf(profiles: readonly (readonly [segment: number, profile: PlainProfile])[]): ProfileIndex {
  const index = new ProfileIndex(64 * MIB)
  for (const [segment, profile] of profiles) {
    index.add(convertProfiles(profilesRequest([profile])), { segment, offset: 0, length: 0 })
  }
  return index
}

/** Self values by root-first path. */
function paths(node: CallNode, path: readonly string[] = []): [string, number][] {
  const own: [string, number][] = node.self > 0 ? [[path.join('/'), node.self]] : []
  return [...own, ...[...node.children.values()].flatMap((child) => paths(child, [...path, child.name]))]
}

const SPANS = ['00000000000000a1', 'ffffffff00000000', '00000000ffffffff']
const sample: fc.Arbitrary<PlainSample> = fc.record(
  {
    frames: fc.array(fc.constantFrom('f', 'g', 'h'), { maxLength: 4 }),
    value: fc.integer({ min: 1, max: 1000 }),
    labels: fc.dictionary(fc.constantFrom('service.name', 'http.route'), fc.constantFrom('x', 'y')),
    spanId: fc.constantFrom(...SPANS),
  },
  { requiredKeys: ['frames', 'value'] },
)
const profile: fc.Arbitrary<PlainProfile> = fc.record({
  timeMs: fc.integer({ min: 1, max: 20 }),
  samples: fc.array(sample, { maxLength: 6 }),
})

test('a merge sums up exactly the samples of the range, the labels and the spans, over all segments', () => {
  const profiles = fc.array(fc.tuple(fc.nat(2), profile), { maxLength: 6 })
  const wanted = fc.record({
    range: fc.tuple(fc.nat(20), fc.nat(20)),
    route: fc.option(fc.constantFrom('x', 'y', '')),
    spans: fc.option(fc.subarray(SPANS, { minLength: 1 })),
  })
  fc.assert(
    fc.property(profiles, wanted, (list, { range: [startMs, endMs], route, spans }) => {
      const expected = new Map<string, number>()
      for (const [, { timeMs, samples }] of list) {
        for (const { frames, value, labels, spanId } of samples) {
          if (timeMs < startMs || timeMs > endMs) continue
          if (route !== null && (labels?.['http.route'] ?? '') !== route) continue
          if (spans !== null && !spans.some((id) => id === spanId)) continue
          const path = frames.toReversed().join('/')
          expected.set(path, (expected.get(path) ?? 0) + value)
        }
      }
      const root = mergeStacks(indexOf(list), {
        range: { startMs, endMs },
        matchers: route === null ? [] : [{ name: 'http.route', operator: '=', value: route }],
        ...(spans !== null && { spans }),
      })
      expect(paths(root).sort()).toEqual([...expected].sort())
      expect(root.total).toBe([...expected.values()].reduce((sum, value) => sum + value, 0))
    }),
    { numRuns: 300 },
  )
})

describe('labels and types are those that Pyroscope gives', () => {
  const typeOf = (changes: Partial<PlainProfile>): string | undefined =>
    indexOf([[1, { timeMs: 1, samples: [{ frames: ['f'], value: 2 }], ...changes }]])
      .series([], ALWAYS)[0]
      ?.get('__profile_type__')

  test.each([
    [['samples', 'count'], ['cpu', 'nanoseconds'], 'process_cpu:cpu:nanoseconds:cpu:nanoseconds'],
    [['wall', 'nanoseconds'], ['wall', 'nanoseconds'], 'wall:wall:nanoseconds:wall:nanoseconds'],
    [['inuse_space', 'bytes'], ['space', 'bytes'], 'space:inuse_space:bytes:space:bytes'],
    [['off_cpu', 'nanoseconds'], ['', ''], 'off_cpu:off_cpu:nanoseconds::'],
  ] as const)('%j by %j is %s', (sampleType, periodType, id) => {
    expect(typeOf({ sampleType, periodType })).toBe(id)
  })

  test('samples of CPU time are counted in nanoseconds', () => {
    const index = indexOf([[1, { timeMs: 1, samples: [{ frames: ['f'], value: 3 }], period: 10_000_000 }]])
    expect(mergeStacks(index, EVERYTHING).total).toBe(30_000_000)
  })

  test('the service is the sample’s, else the resource’s, else unknown', () => {
    const service = (labels: Record<string, string>, resource: Record<string, string>): string | undefined =>
      indexOf([[1, { timeMs: 1, samples: [{ frames: ['f'], value: 1, labels }], resource }]])
        .series([], ALWAYS)[0]
        ?.get('service_name')
    expect(service({ 'service.name': 'a' }, { 'service.name': 'b' })).toBe('a')
    expect(service({}, { 'service.name': 'b' })).toBe('b')
    expect(service({}, {})).toBe('unknown_service')
  })

  test('attributes are labels under their own names', () => {
    const labels = { http_route: '/v1/x', 'http.method': 'GET', 'service.name': 'gateway' }
    const index = indexOf([[1, { timeMs: 1, samples: [{ frames: ['f'], value: 1, labels }] }]])
    expect(
      index.series(
        parseSelector('{http_route="/v1/x", "http.method"="GET", service_name="gateway"}'),
        ALWAYS,
      ),
    ).toHaveLength(1)
  })
})

describe('what Pyroscope refuses is refused', () => {
  const valid = (): ReturnType<typeof profilesRequest> =>
    profilesRequest([{ timeMs: 1, samples: [{ frames: ['f'], value: 1, spanId: SPANS[0] ?? '' }] }])
  const first = (request: ReturnType<typeof valid>) =>
    request.resourceProfiles[0]?.scopeProfiles[0]?.profiles[0]

  test.each<[string, (request: ReturnType<typeof valid>) => void, string]>([
    ['no dictionary', (request) => delete request.dictionary, 'missing profile metadata dictionary'],
    ['no mapping', (request) => request.dictionary?.mappingTable.pop(), 'mapping 0, which is out of bounds'],
    ['no stack', (request) => request.dictionary?.stackTable.pop(), 'stack 1, which is out of bounds'],
    ['no link', (request) => request.dictionary?.linkTable.pop(), 'link 1, which is out of bounds'],
    ['no time', (request) => Object.assign(first(request) ?? {}, { timeUnixNano: 0n }), 'needs a time'],
    ['no period', (request) => Object.assign(first(request) ?? {}, { period: 0n }), 'period other than 0'],
    ['no sample type', (request) => delete first(request)?.sampleType, 'sample type is missing'],
    ['no value', (request) => first(request)?.samples[0]?.values.pop(), 'neither value nor timestamp'],
  ])('%s', (_, damage, message) => {
    const request = valid()
    expect(() => convertProfiles(request)).not.toThrow()
    damage(request)
    expect(() => convertProfiles(request)).toThrow(Refusal)
    expect(() => convertProfiles(request)).toThrow(message)
  })
})

test('a time series sums up by step and group', () => {
  const at = (timeMs: number, route: string, value: number): [number, PlainProfile] => [
    1,
    { timeMs, samples: [{ frames: ['f'], value, labels: { http_route: route } }] },
  ]
  const index = indexOf([
    at(1000, 'x', 1),
    at(5000, 'x', 2),
    at(10_000, 'x', 4),
    at(10_001, 'x', 8),
    at(2000, 'y', 16),
  ])
  const series = timeSeries(
    index,
    { matchers: [], range: { startMs: 0, endMs: 20_000 } },
    { stepMs: 10_000, groupBy: ['http_route'], aggregation: 'sum' },
  )
  expect(series.map(({ labels, points }) => [labels.get('http_route'), points])).toEqual([
    [
      'x',
      [
        [10_000, 7],
        [20_000, 8],
      ],
    ],
    ['y', [[10_000, 16]]],
  ])
})
