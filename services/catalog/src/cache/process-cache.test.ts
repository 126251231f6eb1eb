import { testTelemetry } from '@faultline/test-support/telemetry'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCacheMetrics, createProcessCache } from './process-cache.ts'

const FRESH_MS = 100
const STALE_MS = 50

/** What a load read: which one it was, and when it began and ended. */
interface Reading {
  load: number
  beganAt: number
  endedAt: number
}

interface PendingLoad {
  key: string
  finish: (outcome: 'found' | 'missing' | 'failed') => Promise<void>
}

/** A cache over a source whose loads end when the test says so, on a clock that the test sets. */
function setUp(options: { maxEntries?: number } = {}) {
  const telemetry = testTelemetry()
  let nowMs = 0
  let loads = 0
  const pending: PendingLoad[] = []
  const cache = createProcessCache<Reading>({
    name: 'test',
    maxEntries: options.maxEntries ?? 10,
    freshMs: FRESH_MS,
    staleMs: STALE_MS,
    metrics: createCacheMetrics(telemetry.register),
    now: () => nowMs,
    load(key) {
      const reading = { load: ++loads, beganAt: nowMs }
      const { promise, resolve, reject } = Promise.withResolvers<Reading | undefined>()
      const load: PendingLoad = {
        key,
        async finish(outcome) {
          pending.splice(pending.indexOf(load), 1)
          if (outcome === 'found') resolve({ ...reading, endedAt: nowMs })
          else if (outcome === 'missing') resolve(undefined)
          else reject(new Error('load failed'))
          await settle()
        },
      }
      pending.push(load)
      return promise
    },
  })
  return {
    cache,
    pending,
    loads: () => loads,
    now: () => nowMs,
    advance: (ms: number) => {
      // lru-cache takes a start time of 0 for "none".
      nowMs += ms
    },
    requests: (result: string) =>
      telemetry.value('cache_requests_total', {
        cache_name: 'test',
        cache_level: 'process',
        cache_result: result,
      }),
  }
}

/** Lets every continuation run that is due. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('createProcessCache', () => {
  it('loads once for all who ask at the same time', async () => {
    const { cache, pending, loads } = setUp()
    const asked = [cache.get('a'), cache.get('a'), cache.get('a')]
    await pending[0]?.finish('found')
    expect((await Promise.all(asked)).map((reading) => reading?.load)).toEqual([1, 1, 1])
    expect(loads()).toBe(1)
  })

  it('answers from memory while fresh, with the old value while stale, and waits after that', async () => {
    const { cache, pending, advance, requests } = setUp()
    advance(1)
    const first = cache.get('a')
    await pending[0]?.finish('found')
    await first

    advance(FRESH_MS)
    expect((await cache.get('a'))?.load).toBe(1)
    expect(pending).toHaveLength(0)

    advance(1)
    expect((await cache.get('a'))?.load).toBe(1)
    expect((await cache.get('a'))?.load).toBe(1)
    expect(pending).toHaveLength(1)
    await pending[0]?.finish('found')
    expect((await cache.get('a'))?.load).toBe(2)

    advance(FRESH_MS + STALE_MS + 1)
    const waiting = cache.get('a')
    await pending[0]?.finish('found')
    expect((await waiting)?.load).toBe(3)
    expect([await requests('hit'), await requests('stale'), await requests('miss')]).toEqual([2, 2, 2])
  })

  it('keeps answering with the old value while loading fails, then fails too', async () => {
    const { cache, pending, advance } = setUp()
    advance(1)
    const first = cache.get('a')
    await pending[0]?.finish('found')
    await first

    advance(FRESH_MS + 1)
    expect((await cache.get('a'))?.load).toBe(1)
    await pending[0]?.finish('failed')
    expect((await cache.get('a'))?.load).toBe(1)
    await pending[0]?.finish('failed')

    advance(STALE_MS)
    const waiting = cache.get('a')
    const outcome = expect(waiting).rejects.toThrow('load failed')
    await pending[0]?.finish('failed')
    await outcome
  })

  it('does not remember that a key has no value', async () => {
    const { cache, pending, loads } = setUp()
    for (let i = 1; i <= 2; i++) {
      const asked = cache.get('unknown')
      await pending[0]?.finish('missing')
      expect(await asked).toBeUndefined()
      expect(loads()).toBe(i)
    }
  })

  it('does not keep a value whose loading began before the invalidation', async () => {
    const { cache, pending, loads } = setUp()
    const early = cache.get('a')
    cache.invalidate('a')
    const late = cache.get('a')
    expect(pending).toHaveLength(2)
    await pending[1]?.finish('found')
    await pending[0]?.finish('found')
    expect((await early)?.load).toBe(1)
    expect((await late)?.load).toBe(2)
    expect((await cache.get('a'))?.load).toBe(2)
    expect(loads()).toBe(2)
  })

  it('keeps to its size', async () => {
    const { cache, pending, loads } = setUp({ maxEntries: 2 })
    for (const key of ['a', 'b', 'c', 'a']) {
      const asked = cache.get(key)
      await pending[0]?.finish('found')
      await asked
    }
    expect(loads()).toBe(4)
  })

  it('never answers with the past after an invalidation, never too old, never with two loads at once', async () => {
    const key = fc.constantFrom('a', 'b')
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('get' as const), key }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat(80) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('invalidate' as const), key }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant('finish' as const),
          which: fc.nat(),
          outcome: fc.constantFrom('found' as const, 'found' as const, 'missing' as const, 'failed' as const),
        }),
      },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { cache, pending, now, advance, loads } = setUp()
        advance(1)
        /** The first load that may be answered with, by key: those before began before an invalidation. */
        const firstValidLoad = new Map<string, number>()
        const checks: Promise<void>[] = []

        for (const action of steps) {
          if (action.do === 'advance') advance(action.ms)
          else if (action.do === 'invalidate') {
            cache.invalidate(action.key)
            firstValidLoad.set(action.key, loads() + 1)
          } else if (action.do === 'clear') {
            cache.clear()
            for (const cleared of ['a', 'b']) firstValidLoad.set(cleared, loads() + 1)
          } else if (action.do === 'finish') {
            await pending[action.which % Math.max(1, pending.length)]?.finish(action.outcome)
          } else {
            const askedAt = now()
            const firstValid = firstValidLoad.get(action.key) ?? 1
            checks.push(
              cache.get(action.key).then(
                (reading) => {
                  if (!reading) return
                  expect(reading.load).toBeGreaterThanOrEqual(firstValid)
                  expect(askedAt - reading.endedAt).toBeLessThanOrEqual(FRESH_MS + STALE_MS)
                },
                () => undefined,
              ),
            )
            await settle()
            const valid = pending.filter(({ key: of }) => of === action.key)
            const superseded = (firstValidLoad.get(action.key) ?? 1) - 1
            expect(valid.length).toBeLessThanOrEqual(1 + superseded)
          }
        }
        while (pending[0]) await pending[0].finish('found')
        await Promise.all(checks)
      }),
      { numRuns: 500 },
    )
    // 500 runs take a busy machine more than the usual 5 s.
  }, 60_000)
})
