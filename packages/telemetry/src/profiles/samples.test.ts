import { decodeProfiles } from '@faultline/test-support/otlp-decode'
import { describe, expect, it } from 'vitest'
import { Dictionary } from './dictionary.ts'
import { LabelSlots } from './label-slots.ts'
import type { HeapNode, TimeNode, TimeProfile } from './native.ts'
import { encodeProfiles, type ValueType } from './profile-encoding.ts'
import { heapSamples, type Sample, timeSamples } from './samples.ts'

const INTERVAL = 10e6

function node(name: string, rest: Partial<TimeNode> = {}): TimeNode {
  return {
    name,
    scriptName: 'file:///app/main.js',
    lineNumber: 3,
    hitCount: 0,
    contexts: [],
    children: [],
    ...rest,
  }
}

function profile(children: TimeNode[], rest: Partial<TimeProfile> = {}): TimeProfile {
  return { topDownRoot: node('(root)', { children }), startTime: 0, endTime: 0, ...rest }
}

/** Rows as text, by what a decoder makes of them. */
function decode(samples: readonly Sample[], dictionary: Dictionary): string[] {
  const types: ValueType[] = ['first', 'second'].map((type, index) => ({
    index,
    type,
    unit: 'x',
    periodType: 'y',
    periodUnit: 'z',
    period: 1,
  }))
  const resource = { resource: new Uint8Array(), sampleAttributes: {} }
  const { body } = encodeProfiles(
    [{ samples, valueTypes: types }],
    { startUnixMs: 0, durationMs: 1 },
    dictionary,
    resource,
  )
  return decodeProfiles(body).flatMap(({ type, samples: rows }) =>
    rows.map(
      ({ stack, value, spanId }) =>
        `${type.split(':')[0]} ${stack.join('<')} ${value}${spanId && ` of ${spanId}`}`,
    ),
  )
}

describe('time samples', () => {
  it('shares a place’s samples out to the requests they ran for', () => {
    const slots = new LabelSlots(() => ({}))
    const [a, b] = ['a'.repeat(16), 'b'.repeat(16)]
    const ofA = slots.lend({ traceId: 'c'.repeat(32), spanId: a, route: undefined }, 0)
    const ofB = slots.lend({ traceId: 'c'.repeat(32), spanId: b, route: undefined }, 0)
    if (!ofA || !ofB) throw new Error('no slot')
    const at = (timestamp: number) => ({ timestamp: BigInt(timestamp), cpuTime: 9e6 })
    const leaf = node('leaf', {
      hitCount: 4,
      contexts: [
        { ...at(1_000), context: ofA },
        { ...at(2_000), context: ofA },
        { ...at(3_000), context: ofB },
        at(4_000),
      ],
    })
    const dictionary = new Dictionary()
    const samples = timeSamples(profile([node('main', { children: [leaf] })]), INTERVAL, dictionary)
    expect(decode(samples, dictionary)).toEqual([
      `first leaf<main 18000000 of ${a}`,
      `first leaf<main 9000000 of ${b}`,
      'first leaf<main 9000000',
      `second leaf<main 20000000 of ${a}`,
      `second leaf<main 10000000 of ${b}`,
      'second leaf<main 10000000',
    ])
  })

  it('counts waiting as nobody’s, names collection, other threads and functions without a name', () => {
    const tree = [
      node('(idle)', { hitCount: 50, contexts: [{ timestamp: 0n, cpuTime: 1e6 }] }),
      node('(program)', { hitCount: 20 }),
      node('(garbage collector)', { hitCount: 1 }),
      node('', { hitCount: 2 }),
    ]
    const dictionary = new Dictionary()
    expect(
      decode(timeSamples(profile(tree, { nonJSThreadsCpuTime: 7e6 }), INTERVAL, dictionary), dictionary),
    ).toEqual([
      'first (idle) 1000000',
      'first Non-JS threads 7000000',
      'second Garbage Collection 10000000',
      'second (anonymous) main.js:3 20000000',
    ])
  })

  it('takes the interval as it was, within bounds', () => {
    for (const [endTime, wall] of [
      [150_000, 15e6],
      [1_000, 10e6],
      [900_000, 20e6],
    ] as const) {
      const dictionary = new Dictionary()
      const [sample] = timeSamples(
        profile([node('main', { hitCount: 10 })], { endTime }),
        INTERVAL,
        dictionary,
      )
      expect(sample?.values).toEqual([0, 10 * wall])
    }
  })
})

describe('heap samples', () => {
  it('adds up a place’s allocations, and the memory outside the heap', () => {
    const leaf: HeapNode = {
      ...node('leaf'),
      allocations: [
        { count: 2, sizeBytes: 100 },
        { count: 1, sizeBytes: 50 },
      ],
      children: [],
    }
    const root: HeapNode = { ...node('(root)'), allocations: [], children: [leaf] }
    const dictionary = new Dictionary()
    expect(decode(heapSamples(root, 4_096, dictionary), dictionary)).toEqual([
      'first leaf 3',
      'first (external) 1',
      'second leaf 250',
      'second (external) 4096',
    ])
  })
})
