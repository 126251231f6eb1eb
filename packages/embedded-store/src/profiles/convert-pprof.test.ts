import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HEAP, type PlainPprof, type PlainPprofSample, pprofProfile, WALL } from '../../test/support/pprof.ts'
import { Refusal } from '../refusal.ts'
import { convertPprof, decodePprof } from './convert-pprof.ts'

const SECOND_MS = 1000
const AT_MS = Date.UTC(2026, 0, 1)
const sample: PlainPprofSample = { frames: ['leaf', 'main'], values: [1, 2, 3] }

function convert(profile: Partial<PlainPprof>, labels: Readonly<Record<string, string>> = {}) {
  const bytes = pprofProfile({ ...WALL, timeMs: AT_MS, samples: [sample], ...profile }).encode()
  const { profiles, stacks } = convertPprof(bytes, {
    labels: Object.entries({ service_name: 'gateway', ...labels }),
    startMs: AT_MS + SECOND_MS,
  })
  const samples = profiles.flatMap((converted) => converted.samples)
  const type = samples.map((one) => one.labels.get('__profile_type__'))
  return { profiles, stacks, samples, type, values: samples.map(({ value }) => value) }
}

const labelled = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`l${at}`, 'x']))

describe('a pushed profile', () => {
  test('has a type for each of its values', () => {
    const { type, values } = convert({})
    expect(type).toEqual([
      'wall:samples:count:wall:nanoseconds',
      'wall:wall:nanoseconds:wall:nanoseconds',
      'wall:cpu:nanoseconds:wall:nanoseconds',
    ])
    expect(values).toEqual([1, 2, 3])
  })

  test.each([
    [['cpu', 'nanoseconds'], 'process_cpu:cpu:nanoseconds::'],
    [['space', 'bytes'], 'memory:space:bytes::'],
    [['alloc_space', 'bytes'], 'memory:alloc_space:bytes::'],
    [['mutex_count', 'count'], 'mutex:mutex_count:count::'],
    [['block_duration', 'nanoseconds'], 'block:block_duration:nanoseconds::'],
    [['goroutines', 'count'], 'goroutines:goroutines:count::'],
    [['lines', 'count'], 'lines:lines:count::'],
  ] as const)('of %j without a period', (sampleType, id) => {
    const bytes = pprofProfile({ types: [sampleType], samples: [{ frames: ['f'], values: [1] }] }).encode()
    const { profiles } = convertPprof(bytes, { labels: [['service_name', 'gateway']], startMs: AT_MS })
    const labels = profiles[0]?.samples[0]?.labels
    expect(labels?.get('__profile_type__')).toBe(id)
    expect(labels?.names()).not.toContain('__period_type__')
  })

  test('loses values of zero, samples with negative ones and those without their stack', () => {
    const samples = [
      { ...sample, values: [1, 0, 0] },
      { ...sample, values: [1, -1, 0] },
      { ...sample, values: [5_000_000_000, 0, 0] },
    ]
    expect(convert({ samples }).values).toEqual([1, 5_000_000_000])
    const broken = pprofProfile({ ...WALL, samples })
    broken.sample[0]?.locationId.push(99)
    expect(
      convertPprof(broken.encode(), { labels: [['service_name', 'gateway']], startMs: 1 }).profiles[0]
        ?.samples,
    ).toHaveLength(1)
  })

  test('has the labels of the push and of its samples, and the span of a sample', () => {
    const labels = { region: 'us', route: '/', span_id: '00000000000000aa', bytes: 5 }
    const { samples } = convert(
      { ...HEAP, samples: [{ frames: ['f'], values: [1, 0], labels }] },
      { region: 'eu', empty: '' },
    )
    const [one] = samples
    expect(one?.labels.names().filter((name) => !name.startsWith('__'))).toEqual([
      'region',
      'route',
      'service_name',
    ])
    expect(one?.labels.get('region')).toBe('eu')
    expect(Buffer.from(one?.spanId ?? []).toString('hex')).toBe('00000000000000aa')
  })

  test('tells its time, or else has that of the push', () => {
    expect(convert({}).profiles[0]?.timeMs).toBe(AT_MS)
    expect(convert({ timeMs: 0 }).profiles[0]?.timeMs).toBe(AT_MS + SECOND_MS)
    // Microseconds.
    expect(convert({ timeMs: AT_MS / 1000 }).profiles[0]?.timeMs).toBe(AT_MS + SECOND_MS)
  })

  test('keeps the thousand frames nearest to the root', () => {
    const frames = Array.from({ length: 1001 }, (_, depth) => `f${depth}`)
    const stack = convert({ samples: [{ ...sample, frames }] }).stacks.get(0)
    expect([stack?.length, stack?.[0]]).toEqual([1000, 'f1'])
  })

  test.each<[string, Partial<PlainPprof>, Record<string, string>?]>([
    [
      'more than 16000 samples',
      { samples: Array.from({ length: 16_001 }, () => ({ frames: [], values: [1, 1, 1] })) },
    ],
    ['more than 100 labels', { samples: [{ ...sample, labels: labelled(101) }] }],
    ['more than 30 labels', {}, labelled(28)],
    ['sample value length mismatch', { samples: [{ ...sample, values: [1] }] }],
  ])('is refused: %s', (message, profile, labels) => {
    const refused = () => convert(profile, labels)
    expect(refused).toThrow(Refusal)
    expect(refused).toThrow(message)
  })

  test('is refused when few bytes stand for very many frames', () => {
    const profile = pprofProfile({ ...WALL, samples: [{ ...sample, frames: [Array(1000).fill('f')] }] })
    const [one] = profile.sample
    if (one === undefined) throw new Error('no sample')
    one.locationId = Array(1000).fill(1)
    profile.sample = [one, one, one]
    const bytes = profile.encode()
    expect(bytes.length).toBeLessThan(20_000)
    expect(() => convertPprof(bytes, { labels: [['service_name', 'gateway']], startMs: 1 })).toThrow(
      'more than 2097152 frames',
    )
  })

  test('with as many labels as a series may have is taken', () => {
    expect(convert({}, labelled(27)).values).toEqual([1, 2, 3])
  })
})

const bytes = pprofProfile({
  ...WALL,
  timeMs: Date.UTC(2026, 0, 1),
  samples: [
    {
      frames: ['leaf', ['inlined', 'caller'], 'main'],
      values: [1, 10_000_000, 4_000_000_000],
      labels: { route: '/' },
    },
    { frames: ['main'], values: [2, 20_000_000, 0], labels: { bytes: 5, span_id: '00000000000000aa' } },
  ],
}).encode()
const pushed = { labels: [['service_name', 'gateway']], startMs: 1 } as const

/** A field with the tag and the length of its content before it. */
function field(number: number, content: Uint8Array): Buffer {
  const length: number[] = []
  for (let rest = content.length; ; rest >>>= 7) {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
    if (rest <= 0x7f) break
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), content])
}

describe('a pprof message', () => {
  test('is read as it was written', () => {
    expect(decodePprof(bytes).encode()).toEqual(bytes)
  })

  test('is read or refused, whatever it is', () => {
    const damaged = fc
      .tuple(fc.nat(bytes.length - 1), fc.nat(bytes.length), fc.uint8Array({ maxLength: 12 }))
      .map(([at, end, patch]) =>
        Buffer.concat([bytes.subarray(0, at), patch, bytes.subarray(Math.max(at, end))]),
      )
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array()), (body) => {
        try {
          convertPprof(body, pushed)
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal)
          expect((error as Refusal).status).toBe(422)
        }
      }),
      { numRuns: 3000 },
    )
  })

  // The library would need minutes for them.
  const endless = new Uint8Array(1024 * 1024).fill(0xff)
  const hidden = Buffer.from(`H${'€'.repeat(2 ** 18 + 5)}`)
  test.each([
    ['a number without an end', Buffer.concat([Buffer.from([9 << 3]), endless])],
    ['a number in the place of text', field(9, endless)],
    ['a length without an end', Buffer.concat([Buffer.from([(2 << 3) | 2]), endless])],
    ['packed numbers without an end', field(2, field(1, endless))],
    ['a label without an end', field(2, field(3, Buffer.concat([Buffer.from([8]), endless])))],
    // Text for who reads the tag as it is, and a number for who takes its first byte alone.
    ['a tag of two bytes', Buffer.concat([Buffer.from([0xb2, 0]), field(6, hidden).subarray(1)])],
    ['an unknown field', field(16, endless)],
  ])('is refused for %s', (_, body) => {
    expect(() => decodePprof(body)).toThrow(Refusal)
  })
})
