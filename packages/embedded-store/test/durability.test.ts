import { randomInt } from 'node:crypto'
import { appendFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CPU, exampleTrace, query, sendProfiles, sendSpans } from './support/send.ts'
import { startStoreProcess, storeEnvironment, temporaryFolder } from './support/store-process.ts'

const SENDERS = 6
const KILLS = 3
const HOUR_MS = 3_600_000

/** What the store has said 200 to. */
interface Acknowledged {
  /** Trace ids. */
  readonly traces: string[]
  /** Names of functions, one in each profile. */
  readonly functions: string[]
}

/** Sends without pause until the store is gone. */
async function sendUntilGone(otlp: string, pyroscope: string, sender: number, acknowledged: Acknowledged) {
  for (let round = 0; ; round += 1) {
    try {
      const compress = round % 2 === 0
      const spans = Array.from({ length: randomInt(1, 20) }, () => exampleTrace()).flat()
      const stored = await sendSpans(otlp, spans, compress)
      if (stored.status === 200) acknowledged.traces.push(...spans.map(({ traceId }) => traceId))
      const name = `f${sender}-${acknowledged.functions.length}-${round}`
      const samples = [{ frames: [name, 'main'], value: 5, labels: { 'service.name': 'gateway' } }]
      const profiled = await sendProfiles(pyroscope, [{ timeMs: Date.now(), samples }], compress)
      if (profiled.status === 200) acknowledged.functions.push(name)
    } catch {
      return
    }
  }
}

test('every span and profile that was acknowledged is found after SIGKILL, again and again', {
  timeout: 180_000,
}, async () => {
  await using folder = await temporaryFolder()
  // Small segments, so that kills hit the beginning of new ones too.
  const environment = { ...storeEnvironment(folder.path), EMBEDDED_STORE_SEGMENT_MIB: '0.05' }
  const acknowledged: Acknowledged = { traces: [], functions: [] }
  for (let kill = 0; kill < KILLS; kill += 1) {
    const before = acknowledged.functions.length
    await using store = await startStoreProcess(environment)
    const senders = Array.from({ length: SENDERS }, (_, sender) =>
      sendUntilGone(store.otlp, store.pyroscope, kill * SENDERS + sender, acknowledged),
    )
    const enough = before + randomInt(5, 60)
    await expect
      .poll(() => acknowledged.functions.length, { timeout: 60_000, interval: 1 })
      .toBeGreaterThan(enough)
    await store.kill()
    await Promise.all(senders)
  }
  await using store = await startStoreProcess(environment)
  const missing: string[] = []
  for (const traceId of new Set(acknowledged.traces)) {
    const answer = await fetch(`${store.tempo}/api/v2/traces/${traceId}`)
    const text = await answer.text()
    if (answer.status !== 200 || text.split('"spanId"').length !== 3) missing.push(traceId)
  }
  expect(missing).toEqual([])
  const answer = await query(store.pyroscope, 'SelectMergeStacktraces', {
    start: Date.now() - HOUR_MS,
    end: Date.now() + HOUR_MS,
    profileTypeID: CPU,
    labelSelector: '{service_name="gateway"}',
    maxNodes: 100_000,
  })
  const { flamegraph } = (await answer.json()) as { flamegraph: { names: string[] } }
  expect(acknowledged.functions.filter((name) => !flamegraph.names.includes(name))).toEqual([])
  expect(acknowledged.traces.length).toBeGreaterThan(100)
})

test('a torn tail is cut off, counted and logged; what lies before it stays', async () => {
  await using folder = await temporaryFolder()
  const environment = storeEnvironment(folder.path)
  const [server, client] = exampleTrace()
  {
    await using store = await startStoreProcess(environment)
    expect((await sendSpans(store.otlp, [server, client])).status).toBe(200)
    await store.kill()
  }
  const [file = ''] = await readdir(join(folder.path, 'traces'))
  await appendFile(join(folder.path, 'traces', file), Buffer.from('FLs1\x50\0\0\0half a frame'))
  await using store = await startStoreProcess(environment)
  expect((await fetch(`${store.tempo}/api/traces/${server.traceId}`)).status).toBe(200)
  expect(store.log()).toContain('a torn tail was cut off')
  expect(await (await fetch(`${store.tempo}/metrics`)).text()).toContain(
    'embedded_store_lost_bytes_total{signal="traces",cause="torn_tail"} 20',
  )
})
