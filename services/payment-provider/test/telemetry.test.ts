/** The provider as the kit runs it, with stock OpenTelemetry parts: what it sends, and what it must not. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { OtlpReceiver } from '@faultline/test-support/otlp-receiver'
import { freePort } from '@faultline/test-support/ports'
import { type ServiceProcess, startServiceProcess } from '@faultline/test-support/service-process'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'

const KEY = 'provider-test-key'
const PATIENCE = { timeout: 15_000, interval: 100 }

interface Push {
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: NodeJS.Dict<string | string[]>
  readonly pprof: Buffer
}

let receiver: OtlpReceiver
let provider: ServiceProcess
const pushes: Push[] = []
const pyroscope = createServer(async (request, response) => {
  const url = new URL(request.url ?? '', 'http://pyroscope')
  const body = Buffer.concat(await request.toArray())
  pushes.push({
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    pprof: gunzipSync(body),
  })
  response.end()
})

beforeAll(async () => {
  receiver = await OtlpReceiver.start()
  pyroscope.listen(await freePort(), '127.0.0.1')
  await once(pyroscope, 'listening')
  provider = await startServiceProcess({
    entry: new URL('../src/main.ts', import.meta.url),
    preload: new URL('../src/instrumentation.ts', import.meta.url),
    env: {
      PROVIDER_API_KEY: KEY,
      DATA_FILE: ':memory:',
      LATENCY_MEDIAN_MS: '1',
      OTEL_SERVICE_NAME: 'payment-provider',
      OTEL_RESOURCE_ATTRIBUTES: 'service.instance.id=payment-provider-1',
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_BLRP_SCHEDULE_DELAY: '100',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      PYROSCOPE_SERVER_ADDRESS: `http://127.0.0.1:${(pyroscope.address() as AddressInfo).port}`,
      PYROSCOPE_FLUSH_INTERVAL_MS: '200',
    },
  })
}, 60_000)

afterAll(async () => {
  await provider?.[Symbol.asyncDispose]()
  await receiver?.[Symbol.asyncDispose]()
  pyroscope.close()
  pyroscope.closeAllConnections()
})

interface Caller {
  readonly traceId: string
  readonly spanId: string
}

let charged = 0

/** A request as payments sends it; `isKept` with the mark that the tail sampler will keep its trace. */
async function charge({ traceId, spanId }: Caller, isKept: boolean, token = 'tok_visa'): Promise<number> {
  const answer = await fetch(`${provider.url}/v1/charges`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${KEY}`,
      'content-type': 'application/json',
      traceparent: `00-${traceId}-${spanId}-01`,
      ...(isKept && { tracestate: 'faultline=keep' }),
    },
    body: JSON.stringify({
      reference: `order-${charged++}`,
      total: { amount: 4_200, currency: 'EUR' },
      paymentToken: token,
    }),
  })
  await answer.text()
  return answer.status
}

const metrics = async (): Promise<string> => (await fetch(`${provider.adminUrl}/metrics`)).text()

const requestsOf = (text: string): number =>
  [...text.matchAll(/^http_server_request_duration_seconds_count\{.*\} (\d+)/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  )

const callerOf = (digit: string): Caller => ({ traceId: digit.repeat(32), spanId: digit.repeat(16) })

it('continues the trace of its caller, with its route', async () => {
  const caller = callerOf('a')
  expect(await charge(caller, false)).toBe(201)
  const span = await vi.waitFor(() => {
    const found = receiver.spans.find(
      (one) => one.traceId === caller.traceId && one.parentSpanId === caller.spanId,
    )
    expect(found).toBeDefined()
    return found
  }, PATIENCE)
  expect(span).toMatchObject({
    name: 'POST /v1/charges',
    attributes: {
      'http.request.method': 'POST',
      'http.route': '/v1/charges',
      'http.response.status_code': 201,
    },
    resource: { 'service.name': 'payment-provider', 'service.instance.id': 'payment-provider-1' },
  })
})

it('attaches exemplars that lead to exported spans, to marked traces and failures only', async () => {
  const [kept, failed, other] = [callerOf('b'), callerOf('c'), callerOf('d')]
  expect(await charge(other, false)).toBe(201)
  expect(await charge(kept, true)).toBe(201)
  expect(await charge(failed, false, 'tok_refused')).toBe(500)
  await vi.waitFor(async () => expect(requestsOf(await metrics())).toBeGreaterThanOrEqual(3), PATIENCE)
  const text = await metrics()
  const exemplars = [
    ...text.matchAll(
      /^http_server_request_duration_seconds_bucket.* # \{trace_id="(\w+)",span_id="(\w+)"\}/gm,
    ),
  ]
  expect(new Set(exemplars.map(([, traceId]) => traceId))).toEqual(new Set([kept.traceId, failed.traceId]))
  await vi.waitFor(() => {
    const exported = new Set(receiver.spans.map(({ traceId, spanId }) => `${traceId} ${spanId}`))
    expect(exemplars.filter(([, traceId, spanId]) => !exported.has(`${traceId} ${spanId}`))).toEqual([])
  }, PATIENCE)
  expect(text).toMatch(
    /^http_server_request_duration_seconds_count\{.*http_route="\/v1\/charges".*http_response_status_code="500"/m,
  )
})

it('logs a line per request within its trace', async () => {
  const caller = callerOf('e')
  await charge(caller, false)
  const line = await vi.waitFor(() => {
    const found = receiver.logs.find(({ traceId }) => traceId === caller.traceId)
    expect(found).toBeDefined()
    return found
  }, PATIENCE)
  expect(line).toMatchObject({
    body: 'request completed',
    attributes: { 'http.route': '/v1/charges', 'http.response.status_code': 201 },
  })
  await vi.waitFor(() => expect(receiver.spans.map(({ spanId }) => spanId)).toContain(line?.spanId), PATIENCE)
})

it('counts nothing of its admin listener, and traces nothing of it', async () => {
  const before = requestsOf(await metrics())
  for (const path of ['/livez', '/readyz', '/metrics', '/no-such-route'])
    await fetch(`${provider.adminUrl}${path}`)
  const caller = callerOf('f')
  await charge(caller, false)
  await vi.waitFor(async () => expect(requestsOf(await metrics())).toBe(before + 1), PATIENCE)
  await vi.waitFor(
    () => expect(receiver.spans.map(({ traceId }) => traceId)).toContain(caller.traceId),
    PATIENCE,
  )
  const paths = receiver.spans.flatMap(({ attributes }) => attributes['url.path'] ?? [])
  expect(new Set(paths)).toEqual(new Set(['/v1/charges']))
})

it('has what dashboards read about the process', async () => {
  const text = await metrics()
  for (const name of [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'process_start_time_seconds',
    'nodejs_eventloop_utilization',
    'nodejs_eventloop_lag_p99_seconds',
    'nodejs_heap_size_used_bytes',
  ]) {
    expect(text).toMatch(new RegExp(`^${name} [\\d.e+]+$`, 'm'))
  }
  expect(text.endsWith('# EOF\n')).toBe(true)
})

it('pushes profiles straight to Pyroscope, under its name, and does not trace that', async () => {
  await vi.waitFor(() => expect(pushes.length).toBeGreaterThan(4), PATIENCE)
  expect(new Set(pushes.map(({ path }) => path))).toEqual(new Set(['/ingest']))
  for (const { query } of pushes) expect(query.get('name')).toMatch(/^payment-provider\{/)
  // Sample types stand in the string table of a pprof profile.
  for (const type of ['wall', 'cpu', 'space'])
    expect(pushes.some(({ pprof }) => pprof.includes(type))).toBe(true)
  expect(pushes.flatMap(({ headers }) => headers.traceparent ?? [])).toEqual([])
  expect(await metrics()).not.toContain('http_client_request_duration_seconds_count')
})

it('sends what is left before it ends', async () => {
  const caller = callerOf('9')
  await charge(caller, false)
  provider.kill('SIGTERM')
  expect(await provider.ended).toEqual({ exitCode: 0, signal: undefined })
  expect(receiver.spans.map(({ traceId }) => traceId)).toContain(caller.traceId)
  expect(receiver.logs.map(({ body }) => body)).toContain('stopped')
})
