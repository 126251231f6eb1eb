import { testTelemetry } from '@faultline/test-support/telemetry'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCacheMetrics } from './process-cache.ts'
import { createSharedLevel, type SharedStore } from './shared-cache.ts'

type Store = Omit<SharedStore, 'close'>

interface Reading {
  version: number
}

/** Two replicas over one store and one source, whose loads end when the test says so. */
function setUp(store: Store | undefined) {
  const telemetry = testTelemetry()
  let version = 1
  const pending: (() => Promise<void>)[] = []
  const metrics = createCacheMetrics(telemetry.register)
  const replica = () =>
    createSharedLevel<Reading>({
      name: 'test',
      store,
      freshMs: 1_000,
      metrics,
      load() {
        const read = { version }
        const { promise, resolve } = Promise.withResolvers<Reading>()
        const end = async () => {
          pending.splice(pending.indexOf(end), 1)
          resolve(read)
          await settle()
        }
        pending.push(end)
        return promise
      },
    })
  return {
    replicas: [replica(), replica()] as const,
    pending,
    change: () => ++version,
    version: () => version,
    requests: (result: string) =>
      telemetry.value('cache_requests_total', {
        cache_name: 'test',
        cache_level: 'shared',
        cache_result: result,
      }),
  }
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

/** The store's contract, in memory; time does not pass. */
function aStore(): Store {
  const values = new Map<string, string>()
  return {
    get: async (key) => values.get(key) ?? null,
    async add(key, value) {
      if (!values.has(key)) values.set(key, value)
    },
    async block(key) {
      values.set(key, '')
    },
    async clear(prefix) {
      for (const key of values.keys()) if (key.startsWith(prefix)) values.delete(key)
    },
  }
}

const away: Store = {
  get: () => Promise.reject(new Error('away')),
  add: () => Promise.reject(new Error('away')),
  block: () => Promise.reject(new Error('away')),
  clear: () => Promise.reject(new Error('away')),
}

describe('createSharedLevel', () => {
  it('loads once for all replicas', async () => {
    const { replicas, pending, requests } = setUp(aStore())
    const first = replicas[0].load('a')
    await settle()
    await pending[0]?.()
    expect(await first).toEqual({ version: 1 })
    expect(await replicas[1].load('a')).toEqual({ version: 1 })
    expect(pending).toHaveLength(0)
    expect([await requests('hit'), await requests('miss')]).toEqual([1, 1])
  })

  it.each([
    ['without a store', undefined, 0],
    ['with a store that is away', away, 2],
  ])('%s loads from behind it, and forgetting does no harm', async (_what, store, errors) => {
    const { replicas, pending, requests } = setUp(store)
    const asked = replicas[0].load('a')
    await settle()
    await pending[0]?.()
    expect(await asked).toEqual({ version: 1 })
    await replicas[0].invalidate('a')
    expect((await requests('error')) ?? 0).toBe(errors)
    await replicas[0].clear()
  })

  it('takes a value that cannot be read for none', async () => {
    const store = aStore()
    await store.add('catalog:1:test:a', '{"version":', 1_000)
    const { replicas, pending } = setUp(store)
    const asked = replicas[0].load('a')
    await settle()
    await pending[0]?.()
    expect(await asked).toEqual({ version: 1 })
  })

  it('never answers a load that began after an invalidation with the past, whichever replica loads', async () => {
    const which = fc.nat({ max: 1 })
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('load' as const), which }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('end' as const), which: fc.nat() }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('change' as const), which }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { replicas, pending, change, version } = setUp(aStore())
        const checks: Promise<void>[] = []
        for (const action of steps) {
          if (action.do === 'end') await pending[action.which % Math.max(1, pending.length)]?.()
          else if (action.do === 'change') {
            change()
            await replicas[action.which]?.invalidate('a')
          } else {
            const atLeast = version()
            const asked = replicas[action.which]?.load('a')
            checks.push(
              Promise.resolve(asked).then((read) => expect(read?.version).toBeGreaterThanOrEqual(atLeast)),
            )
            await settle()
          }
        }
        while (pending[0]) await pending[0]()
        await Promise.all(checks)
      }),
    )
  })
})
