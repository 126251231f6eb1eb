import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { query } from './support/send.ts'
import {
  type StoreProcess,
  startStoreProcess,
  storeEnvironment,
  temporaryFolder,
} from './support/store-process.ts'

const CLIENT = fileURLToPath(new URL('./support/pyroscope-client.ts', import.meta.url))
const HOUR_MS = 3_600_000
const SERVICE = 'profiled-service'
const WALL = 'wall:wall:nanoseconds:wall:nanoseconds'
const CPU = 'wall:cpu:nanoseconds:wall:nanoseconds'
const HEAP = 'memory:inuse_space:bytes:inuse_space:bytes'

const window = () => ({ start: Date.now() - HOUR_MS, end: Date.now() + HOUR_MS })
const graph = z.object({
  flamegraph: z.object({ names: z.array(z.string()), total: z.string().default('0') }),
})

async function flameGraph({ pyroscope }: StoreProcess, profileTypeID: string) {
  const labelSelector = `{service_name="${SERVICE}",region="eu"}`
  const answer = await query(pyroscope, 'SelectMergeStacktraces', {
    ...window(),
    profileTypeID,
    labelSelector,
  })
  const { names, total } = graph.parse(await answer.json()).flamegraph
  return { functions: names.map((name) => name.split(':').at(-2) ?? name), total: Number(total) }
}

test('profiles of the real client are found by their service, after a kill too', {
  timeout: 90_000,
}, async () => {
  await using folder = await temporaryFolder()
  const environment = storeEnvironment(folder.path)
  {
    await using store = await startStoreProcess(environment)
    const child = execa(process.execPath, [CLIENT, store.pyroscope, SERVICE], { reject: false, all: true })
    try {
      const patience = { timeout: 60_000, interval: 200 }
      await expect
        .poll(async () => (await flameGraph(store, WALL)).functions, patience)
        .toContain('burnForTheProfile')
      await expect
        .poll(async () => (await flameGraph(store, HEAP)).functions, patience)
        .toContain('keepForTheProfile')
    } finally {
      child.kill('SIGTERM')
      const { exitCode, all } = await child
      expect([exitCode, all]).toEqual([0, ''])
    }
    const values = await query(store.pyroscope, 'LabelValues', { ...window(), name: 'service_name' })
    expect(await values.json()).toEqual({ names: [SERVICE] })
    await store.kill()
  }
  await using store = await startStoreProcess(environment)
  const [wall, cpu, heap] = await Promise.all([WALL, CPU, HEAP].map((type) => flameGraph(store, type)))
  expect(wall?.functions).toContain('burnForTheProfile')
  expect(cpu?.functions).toContain('burnForTheProfile')
  expect(heap?.functions).toContain('keepForTheProfile')
  // A busy loop of 50 ms in every 60 has run for 300 ms at least.
  expect(wall?.total).toBeGreaterThan(100_000_000)
  expect(heap?.total).toBeGreaterThan(512 * 1024)
  const types = await query(store.pyroscope, 'LabelValues', { ...window(), name: '__profile_type__' })
  expect(await types.json()).toEqual({
    names: [
      'memory:inuse_objects:count:inuse_space:bytes',
      HEAP,
      CPU,
      'wall:samples:count:wall:nanoseconds',
      WALL,
    ],
  })
})
