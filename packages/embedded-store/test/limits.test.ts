import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { expect, test } from 'vitest'
import { exampleTrace, post, push, sendSpans } from './support/send.ts'
import {
  type StoreProcess,
  startStoreProcess,
  storeEnvironment,
  temporaryFolder,
} from './support/store-process.ts'
import type { PlainSpan } from './support/traces.ts'

const MIB = 1024 * 1024

async function metric(store: StoreProcess, name: string): Promise<number> {
  const text = await (await fetch(`${store.tempo}/metrics`)).text()
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `))
  return Number(line?.slice(name.length + 1))
}

const isFound = async (store: StoreProcess, traceId: string): Promise<boolean> =>
  (await fetch(`${store.tempo}/api/traces/${traceId}`)).status === 200

test('segments beyond the retention size are dropped whole, oldest first, and their traces with them', async () => {
  await using folder = await temporaryFolder()
  await using store = await startStoreProcess({
    ...storeEnvironment(folder.path),
    EMBEDDED_STORE_SEGMENT_MIB: '0.05',
    EMBEDDED_STORE_RETENTION_MIB: '0.25',
  })
  const ids: string[] = []
  const send = async (): Promise<void> => {
    const traces = Array.from({ length: 100 }, () => exampleTrace())
    expect((await sendSpans(store.otlp, traces.flat())).status).toBe(200)
    ids.push(traces[0]?.[0].traceId ?? '')
  }
  for (let batch = 0; batch < 20; batch += 1) await send()
  await expect.poll(() => isFound(store, ids[0] ?? '')).toBe(false)
  expect(await isFound(store, ids.at(-1) ?? '')).toBe(true)
  await expect
    .poll(() => metric(store, 'embedded_store_segment_bytes{signal="traces"}'))
    .toBeLessThan(0.25 * MIB + 0.2 * MIB)
  expect(
    await metric(store, 'embedded_store_dropped_segments_total{signal="traces",reason="size"}'),
  ).toBeGreaterThan(5)
  const files = await readdir(join(folder.path, 'traces'))
  expect(files).toHaveLength(await metric(store, 'embedded_store_segments{signal="traces"}'))
  expect(store.log()).toContain('segment dropped by retention')
})

test('the index keeps to its memory bound: the oldest traces leave it, the newest are found', {
  timeout: 120_000,
}, async () => {
  await using folder = await temporaryFolder()
  const environment = { ...storeEnvironment(folder.path), EMBEDDED_STORE_TRACE_INDEX_MIB: '4' }
  const last: string[] = []
  let first = ''
  {
    await using store = await startStoreProcess(environment)
    for (let batch = 0; batch < 60; batch += 1) {
      // Values that no dictionary can share, as request ids are.
      const spans: PlainSpan[] = Array.from({ length: 500 }, (_, index) => ({
        ...exampleTrace({ attributes: { 'request.id': `${batch}-${index}-${'x'.repeat(80)}` } })[0],
      }))
      expect((await sendSpans(store.otlp, spans, true)).status).toBe(200)
      first ||= spans[0]?.traceId ?? ''
      last.push(spans.at(-1)?.traceId ?? '')
      expect(await metric(store, 'embedded_store_index_bytes{signal="traces"}')).toBeLessThan(4 * MIB)
    }
    expect(await isFound(store, first)).toBe(false)
    expect(await isFound(store, last.at(-1) ?? '')).toBe(true)
    const evicted = 'embedded_store_dropped_segments_total{signal="traces",reason="memory"}'
    expect(await metric(store, evicted)).toBeGreaterThan(5)
    await store.kill()
  }
  // A new process reads no more than fits, the newest first.
  await using store = await startStoreProcess(environment)
  expect(await metric(store, 'embedded_store_index_bytes{signal="traces"}')).toBeLessThan(4 * MIB)
  expect(await isFound(store, last.at(-1) ?? '')).toBe(true)
})

test('with the default bound reached the process stays below 250 MiB', { timeout: 180_000 }, async () => {
  await using folder = await temporaryFolder()
  await using store = await startStoreProcess(storeEnvironment(folder.path))
  const evicted = 'embedded_store_dropped_segments_total{signal="traces",reason="memory"}'
  const isBoundReached = async (): Promise<boolean> => (await metric(store, evicted)) > 0
  while (!(await isBoundReached())) {
    const spans = Array.from({ length: 1000 }, (_, index) => {
      const attributes = {
        'request.id': `${index}-${Math.random()}`,
        'url.path': `/${'x'.repeat(60)}${Math.random()}`,
      }
      return exampleTrace({ attributes })
    })
    expect((await sendSpans(store.otlp, spans.flat(), true)).status).toBe(200)
    expect(await metric(store, 'process_resident_memory_bytes')).toBeLessThan(250 * MIB)
  }
})

test('bodies over the limit are refused with 413, as received and as decompressed', async () => {
  await using folder = await temporaryFolder()
  await using store = await startStoreProcess({
    ...storeEnvironment(folder.path),
    EMBEDDED_STORE_MAX_BODY_MIB: '0.1',
  })
  const traces = `${store.otlp}/v1/traces`
  expect((await post(traces, new Uint8Array(0.2 * MIB))).status).toBe(413)
  expect((await post(traces, new Uint8Array(0.2 * MIB), true)).status).toBe(413)
  expect((await sendSpans(store.otlp, exampleTrace())).status).toBe(200)
  expect((await push(store.pyroscope, { name: 'gateway' }, new Uint8Array(0.2 * MIB))).status).toBe(413)
})

test('a pushed profile over the limit is refused with 422 before it is decompressed', async () => {
  await using folder = await temporaryFolder()
  await using store = await startStoreProcess(storeEnvironment(folder.path))
  const residentBytes = () => metric(store, 'process_resident_memory_bytes')
  const before = await residentBytes()
  const bomb = await promisify(gzip)(new Uint8Array(256 * MIB))
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => push(store.pyroscope, { name: 'gateway' }, bomb)),
  )
  expect(answers.map(({ status }) => status)).toEqual([422, 422, 422, 422])
  expect((await residentBytes()) - before).toBeLessThan(100 * MIB)
})

test('more than may be under way is refused with 429 and Retry-After', async () => {
  await using folder = await temporaryFolder()
  await using store = await startStoreProcess({
    ...storeEnvironment(folder.path),
    EMBEDDED_STORE_MAX_PENDING_MIB: '0.05',
  })
  const batch = (): PlainSpan[] => Array.from({ length: 100 }, () => exampleTrace()).flat()
  const answers = await Promise.all(Array.from({ length: 20 }, () => sendSpans(store.otlp, batch())))
  const refused = answers.filter(({ status }) => status !== 200)
  expect(refused.length).toBeGreaterThan(0)
  for (const { status, headers } of refused) expect([status, headers.get('retry-after')]).toEqual([429, '1'])
  expect((await sendSpans(store.otlp, batch())).status).toBe(200)
})

test('a push is asked to wait while another one arrives', async () => {
  await using folder = await temporaryFolder()
  await using store = await startStoreProcess({
    ...storeEnvironment(folder.path),
    EMBEDDED_STORE_MAX_PENDING_MIB: '0.05',
  })
  const body = new Uint8Array(0.04 * MIB)
  const status = async () => (await push(store.pyroscope, { name: 'gateway' }, body)).status
  const slow = request(`${store.pyroscope}/ingest?name=gateway&format=pprof&spyName=nodespy`, {
    method: 'POST',
    headers: { 'Content-Length': body.length },
  })
  slow.on('error', () => undefined)
  slow.write('a')
  await expect.poll(status).toBe(429)
  slow.destroy()
  // Read now, and no profile.
  await expect.poll(status).toBe(422)
})

test('a disk that takes no more is answered with 503, nothing of it is acknowledged, and it recovers', async () => {
  await using folder = await temporaryFolder()
  const environment = storeEnvironment(folder.path)
  const acknowledged: string[] = []
  const refused: string[] = []
  {
    // A limit of file size fails a write half way, as a full disk does.
    await using store = await startStoreProcess(environment, ['prlimit', '--fsize=30000'])
    for (let batch = 0; batch < 12; batch += 1) {
      const traces = Array.from({ length: batch === 5 ? 200 : 10 }, () => exampleTrace())
      const answer = await sendSpans(store.otlp, traces.flat())
      const ids = traces.map(([{ traceId }]) => traceId)
      if (answer.status === 200) acknowledged.push(...ids)
      else {
        expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
        refused.push(...ids)
      }
    }
    expect(store.log()).toContain('EFBIG')
    expect(refused.length).toBeGreaterThanOrEqual(200)
    expect(acknowledged.length).toBeGreaterThan(60)
    await store.kill()
  }
  await using store = await startStoreProcess(environment)
  const found = await Promise.all([...acknowledged, ...refused].map((traceId) => isFound(store, traceId)))
  expect(found).toEqual([...acknowledged.map(() => true), ...refused.map(() => false)])
})
