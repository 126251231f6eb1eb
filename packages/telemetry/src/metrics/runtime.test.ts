import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { createRegistry } from './registry.ts'
import { registerRuntimeMetrics } from './runtime.ts'

const DELAY = 'nodejs_eventloop_delay_max_seconds'
const COLLECTIONS = 'v8js_gc_duration_seconds_count{v8js_gc_type="minor"}'
const GAP_MS = 1_000

describe('runtime metrics', () => {
  it('go on when they are registered again, without the time in between', async () => {
    const register = createRegistry()
    const first = await observe(register, 0)
    makeGarbage(GAP_MS)
    const second = await observe(register, first.collections)
    expect(second.delay).toBeLessThan(GAP_MS / 1e3)
  }, 30_000)
})

/** Registers the metrics, sees both observers at work and stops them. */
async function observe(register: ReturnType<typeof createRegistry>, collections: number) {
  const stop = registerRuntimeMetrics(register)
  try {
    return await vi.waitFor(
      async () => {
        await work()
        const lines = (await register.metrics()).split('\n')
        const read = (sample: string): number =>
          Number(lines.find((line) => line.startsWith(`${sample} `))?.split(' ')[1])
        const seen = { delay: read(DELAY), collections: read(COLLECTIONS) }
        expect(seen.delay).toBeGreaterThan(0.01)
        expect(seen.collections).toBeGreaterThan(collections)
        return seen
      },
      { timeout: 10_000 },
    )
  } finally {
    await work()
    stop()
  }
}

/** Delays are seen from one turn of the loop to the next. */
async function work(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    makeGarbage(50)
    await setImmediate()
  }
}

function makeGarbage(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end) Array.from({ length: 1_000 }, (_, index) => ({ index }))
}
