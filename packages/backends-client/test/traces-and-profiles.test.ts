import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '@faultline/test-support/ports'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { BackendRefused, type Backends, createBackends, spanTrees, stacksOf } from '../src/index.ts'
import { post, profilesRequest, tracesRequest } from './support/otlp.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const GATEWAY_SPAN = 'b7ad6b7169203331'
const CATALOG_SPAN = '00f067aa0ba902b7'
const CPU = 'process_cpu:cpu:nanoseconds:cpu:nanoseconds'
const SELECTOR = '{service_name="gateway"}'
const STORE = fileURLToPath(new URL('../../embedded-store/src/main.ts', import.meta.url))

const sentAt = Date.now()
const range = { startMs: sentAt - 60_000, endMs: sentAt + 60_000 }
let tempo: Backends['tempo']
let pyroscope: Backends['pyroscope']
let stop = async () => {}

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-store-'))
  const [tempoPort, otlpPort, pyroscopePort] = [await freePort(), await freePort(), await freePort()]
  const store = execa(process.execPath, [STORE], {
    reject: false,
    env: {
      EMBEDDED_STORE_DATA_DIR: folder,
      EMBEDDED_STORE_TEMPO_PORT: String(tempoPort),
      EMBEDDED_STORE_OTLP_PORT: String(otlpPort),
      EMBEDDED_STORE_PYROSCOPE_PORT: String(pyroscopePort),
    },
  })
  stop = async () => {
    store.kill('SIGTERM')
    await store
    await rm(folder, { recursive: true, force: true })
  }
  const url = (port: number) => `http://127.0.0.1:${port}`
  ;({ tempo, pyroscope } = createBackends({
    prometheus: url(1),
    loki: url(1),
    tempo: url(tempoPort),
    pyroscope: url(pyroscopePort),
  }))
  await vi.waitFor(
    () => Promise.all([tempo.search('{}', range), pyroscope.mergeStacktraces(CPU, SELECTOR, range)]),
    { timeout: 30_000, interval: 100 },
  )
  await post(
    `http://127.0.0.1:${otlpPort}/v1/traces`,
    tracesRequest(sentAt, TRACE_ID, [GATEWAY_SPAN, CATALOG_SPAN]),
  )
  await post(
    `http://127.0.0.1:${pyroscopePort}/v1development/profiles`,
    profilesRequest(sentAt, TRACE_ID, GATEWAY_SPAN),
  )
})

afterAll(() => stop())

describe('client of Tempo’s API', () => {
  it('reads a trace by id, its spans with parents, times and resources', async () => {
    const trace = await tempo.trace(TRACE_ID)
    expect(trace?.spans).toMatchObject([
      {
        traceId: TRACE_ID,
        spanId: GATEWAY_SPAN,
        parentSpanId: undefined,
        serviceName: 'gateway',
        kind: 'server',
        status: 'error',
        startMs: sentAt,
        durationMs: 20,
        attributes: { 'http.route': '/v1/concerts', 'http.response.status_code': 500 },
        resource: { 'service.instance.id': 'gateway-1' },
      },
      { spanId: CATALOG_SPAN, parentSpanId: GATEWAY_SPAN, serviceName: 'catalog' },
    ])
    expect(spanTrees(trace?.spans ?? [])[0]?.children[0]?.span.spanId).toBe(CATALOG_SPAN)
  })

  it('has no trace where none is stored', async () => {
    await expect(tempo.trace('f'.repeat(32))).resolves.toBeUndefined()
  })

  it('searches', async () => {
    const found = await tempo.search('{ resource.service.name = "gateway" && status = error }', range)
    expect(found).toMatchObject([{ traceId: TRACE_ID, startMs: sentAt }])
    await expect(tempo.search('{ duration > 10s }', range)).resolves.toEqual([])
    // An instant on the second: Tempo takes whole seconds and refuses a range of none.
    const second = Math.floor(sentAt / 1000) * 1000
    await expect(tempo.search('{}', { startMs: second, endMs: second })).resolves.toBeInstanceOf(Array)
    // It takes no time to come for now either.
    const nowMs = Date.now()
    await expect(tempo.search('{}', { startMs: nowMs, endMs: nowMs + 60_000 })).resolves.toBeInstanceOf(Array)
  })

  it('says what it refuses', async () => {
    const refused = await tempo.search('{ nonsense', range).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(BackendRefused)
    expect(refused).toMatchObject({ backend: 'tempo', status: 400, query: '{ nonsense' })
  })
})

describe('client of Pyroscope’s API', () => {
  it('merges all stacks, and those of one span', async () => {
    const all = await pyroscope.mergeStacktraces(CPU, SELECTOR, range)
    expect(stacksOf(all)).toEqual([
      { frames: ['main', 'handle'], self: 30_000_000 },
      { frames: ['main', 'idle'], self: 10_000_000 },
    ])
    const ofSpan = await pyroscope.mergeSpanProfile(CPU, SELECTOR, [GATEWAY_SPAN], range)
    expect(stacksOf(ofSpan)).toEqual([{ frames: ['main', 'handle'], self: 30_000_000 }])
    const ofNone = await pyroscope.mergeSpanProfile(CPU, SELECTOR, [CATALOG_SPAN], range)
    expect(ofNone.total).toBe(0)
  })

  it('sums over time', async () => {
    const series = await pyroscope.selectSeries(CPU, SELECTOR, {
      ...range,
      stepMs: 15_000,
      groupBy: ['service_name'],
    })
    expect(series).toMatchObject([{ labels: { service_name: 'gateway' }, points: [{ value: 40_000_000 }] }])
  })

  it('says what it refuses', async () => {
    const refused = await pyroscope
      .mergeStacktraces('nonsense', SELECTOR, range)
      .catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(BackendRefused)
    expect(refused).toMatchObject({ backend: 'pyroscope', status: 400 })
  })
})
