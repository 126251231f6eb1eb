import { request as httpRequest } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { OtlpReceiver } from '@faultline/test-support/otlp-receiver'
import Router from '@koa/router'
import { trace } from '@opentelemetry/api'
import Koa from 'koa'
import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import { createRegistry, startTelemetry } from '../src/index.ts'
import { until } from './poll.ts'
import { exemplarOf, TestService } from './support.ts'

const HISTOGRAM = 'http_server_request_duration_seconds'
const NEVER = { keepRatio: 0 }
const ALWAYS = { keepRatio: 1 }

function createApp({ telemetry }: TestService): Koa {
  const app = new Koa()
  app.use(telemetry.middleware({ ignore: ({ url }) => url === '/ignored' }))
  const router = new Router({ prefix: '/v1' })
  router.get('/concerts/:concertId', (ctx) => {
    telemetry.logger.info({ seats: 3 }, 'looked up')
    trace.getActiveSpan()?.setAttribute('concert.known', true)
    ctx.state.requestId = 'request-1'
    ctx.body = { id: ctx.params.concertId }
  })
  router.get('/broken', () => {
    throw new TypeError('no such seat')
  })
  router.get('/slow', async (ctx) => {
    await delay(120)
    ctx.body = 'late'
  })
  router.get('/hanging', () => delay(60_000, undefined, { ref: false }))
  app.use(router.routes())
  return app
}

async function get(url: string, headers: Record<string, string> = {}): Promise<number> {
  const { statusCode, body } = await request(url, { headers })
  await body.dump()
  return statusCode
}

describe('middleware', () => {
  it('makes a server span with route, status and the service’s own attributes', async () => {
    await using service = await TestService.start({ traces: ALWAYS, httpClient: false })
    const url = await service.listen(createApp(service))
    expect(await get(`${url}/v1/concerts/42?secret=1`, { 'user-agent': 'tester' })).toBe(200)
    await service.telemetry.flush()
    const [span] = service.receiver.spans
    expect(span).toMatchObject({
      name: 'GET /v1/concerts/{concertId}',
      kind: 'SPAN_KIND_SERVER',
      parentSpanId: '',
      traceState: 'faultline=keep',
      status: 'STATUS_CODE_UNSET',
      resource: { 'service.name': 'test', 'service.instance.id': 'test-1' },
    })
    expect(span?.attributes).toEqual({
      'http.request.method': 'GET',
      'url.path': '/v1/concerts/42',
      'url.scheme': 'http',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(url).port),
      'client.address': '127.0.0.1',
      'user_agent.original': 'tester',
      'network.protocol.version': '1.1',
      'sampling.keep': true,
      'concert.known': true,
      'http.route': '/v1/concerts/{concertId}',
      'http.response.status_code': 200,
      'request.id': 'request-1',
    })
  })

  it('writes one access line and links every line to the span', async () => {
    await using service = await TestService.start({ httpClient: false })
    await get(`${await service.listen(createApp(service))}/v1/concerts/42`)
    await service.telemetry.flush()
    const { spans, logs } = service.receiver
    expect(logs.map(({ body }) => body)).toEqual(['looked up', 'request completed'])
    for (const { traceId, spanId } of logs) expect({ traceId, spanId }).toEqual(ids(spans[0]))
    expect(logs[0]?.attributes).toEqual({ seats: 3 })
    expect(logs[1]?.attributes).toMatchObject({
      'http.request.method': 'GET',
      'http.route': '/v1/concerts/{concertId}',
      'url.path': '/v1/concerts/42',
      'http.response.status_code': 200,
      'http.server.request.duration': expect.any(Number),
      'request.id': 'request-1',
    })
  })

  it('goes on with the caller’s trace and its keep mark', async () => {
    await using service = await TestService.start({ traces: NEVER, httpClient: false })
    const url = `${await service.listen(createApp(service))}/v1/concerts/42`
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    await get(url, { traceparent, tracestate: 'vendor=1,faultline=keep' })
    await get(url, { traceparent, tracestate: 'vendor=1' })
    await service.telemetry.flush()
    const [kept, other] = service.receiver.spans
    expect(kept).toMatchObject({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      parentSpanId: '00f067aa0ba902b7',
      traceState: 'vendor=1,faultline=keep',
      attributes: { 'sampling.keep': true },
    })
    expect(other).toMatchObject({ traceId: kept?.traceId, parentSpanId: kept?.parentSpanId })
    expect(other?.attributes).not.toHaveProperty('sampling.keep')
  })

  it('makes a link of a caller it does not trust', async () => {
    await using service = await TestService.start({
      traces: { keepRatio: 0, trustIncomingContext: false },
      httpClient: false,
    })
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const url = `${await service.listen(createApp(service))}/v1/concerts/42`
    await get(url, { traceparent, tracestate: 'faultline=keep' })
    await service.telemetry.flush()
    const [span] = service.receiver.spans
    expect(span?.traceId).not.toBe('4bf92f3577b34da6a3ce929d0e0e4736')
    expect(span?.links).toEqual([{ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' }])
    expect(span?.attributes).not.toHaveProperty('sampling.keep')
  })

  it('records an error, with an exemplar although the trace is not marked', async () => {
    await using service = await TestService.start({ traces: NEVER, httpClient: false })
    expect(await get(`${await service.listen(createApp(service))}/v1/broken`)).toBe(500)
    await service.telemetry.flush()
    const { spans, logs } = service.receiver
    expect(spans[0]).toMatchObject({
      name: 'GET /v1/broken',
      status: 'STATUS_CODE_ERROR',
      attributes: { 'error.type': 'TypeError', 'http.response.status_code': 500 },
      events: [
        {
          name: 'exception',
          attributes: { 'exception.type': 'TypeError', 'exception.message': 'no such seat' },
        },
      ],
    })
    expect(logs.at(-1)).toMatchObject({ severityText: 'error', attributes: { 'error.type': 'TypeError' } })
    const [exemplar] = (await service.scrape(`${HISTOGRAM}_bucket`)).flatMap((line) => exemplarOf(line) ?? [])
    expect(exemplar).toEqual(ids(spans[0]))
    expect((await service.scrape(`${HISTOGRAM}_count`))[0]).toContain('error_type="TypeError"')
  })

  it('gives exemplars to marked and slow requests only', async () => {
    await using service = await TestService.start({
      traces: { keepRatio: 0, slowThresholdMs: 100 },
      httpClient: false,
    })
    const url = await service.listen(createApp(service))
    await get(`${url}/v1/concerts/1`)
    expect((await service.scrape(`${HISTOGRAM}_bucket`)).filter(exemplarOf)).toEqual([])
    await get(`${url}/v1/slow`)
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    await get(`${url}/v1/concerts/1`, { traceparent, tracestate: 'faultline=keep' })
    await service.telemetry.flush()
    const kept = service.receiver.spans.slice(1).map(ids)
    const exemplars = (await service.scrape(`${HISTOGRAM}_bucket`)).flatMap((line) => exemplarOf(line) ?? [])
    expect(exemplars).toHaveLength(2)
    expect(exemplars).toEqual(expect.arrayContaining(kept))
  })

  it('never makes a label of a raw path or method', async () => {
    await using service = await TestService.start({ httpClient: false })
    const url = await service.listen(createApp(service))
    expect(await get(`${url}/not/a/route/12345`)).toBe(404)
    const { statusCode } = await request(`${url}/v1/concerts/1`, { method: 'PROPFIND' as 'GET' })
    expect(statusCode).toBe(404)
    await service.telemetry.flush()
    const { body } = await service.telemetry.metrics()
    expect(body).not.toMatch(/12345|PROPFIND/)
    expect(body).toContain('http_request_method="GET",http_route="unmatched",http_response_status_code="404"')
    expect(body).toContain('http_request_method="_OTHER",http_route="unmatched"')
    expect(service.receiver.spans.map(({ name }) => name)).toEqual(['GET', 'HTTP'])
    expect(service.receiver.spans[0]?.attributes).not.toHaveProperty('http.route')
    expect(service.receiver.spans[1]?.attributes).toHaveProperty('http.request.method_original', 'PROPFIND')
  })

  it('sees a client leave, and counts the request as no longer active', async () => {
    await using service = await TestService.start({ httpClient: false })
    const url = await service.listen(createApp(service))
    const call = httpRequest(`${url}/v1/hanging`).end()
    call.on('error', () => undefined)
    const active = 'http_server_active_requests{http_request_method="GET"}'
    await until('the request to be active', async () =>
      (await service.scrape('http_server_active_requests')).includes(`${active} 1`),
    )
    call.destroy()
    await until('the end of the request', async () =>
      (await service.scrape('http_server_active_requests')).includes(`${active} 0`),
    )
    await service.telemetry.flush()
    expect(service.receiver.spans[0]).toMatchObject({
      status: 'STATUS_CODE_UNSET',
      attributes: { 'error.type': 'client_abort', 'http.route': '/v1/hanging' },
    })
  })

  it('applies the service’s own logger settings to access lines', async () => {
    await using service = await TestService.start({
      httpClient: false,
      logs: { pino: { redact: ['["url.path"]'], base: { team: 'seats' } } },
    })
    await get(`${await service.listen(createApp(service))}/v1/concerts/42`)
    await service.telemetry.flush()
    const { logs, spans } = service.receiver
    expect(logs.map(({ attributes }) => attributes.team)).toEqual(['seats', 'seats'])
    expect(logs[1]?.attributes['url.path']).toBe('[Redacted]')
    expect(ids(logs[1])).toEqual(ids(spans[0]))
  })

  it('leaves ignored requests alone', async () => {
    await using service = await TestService.start({ httpClient: false })
    await get(`${await service.listen(createApp(service))}/ignored`)
    await service.telemetry.flush()
    expect(service.receiver.requests).toEqual([])
    expect(await service.scrape(`${HISTOGRAM}_count`)).toEqual([])
  })

  it('gives own metrics an exemplar of a kept request', async () => {
    await using service = await TestService.start({ traces: ALWAYS, httpClient: false })
    const app = new Koa()
    app.use(service.telemetry.middleware())
    app.use((ctx) => {
      ctx.body = service.telemetry.exemplar()
    })
    const answer = await request(await service.listen(app))
    const exemplar = await answer.body.json()
    await service.telemetry.flush()
    const [span] = service.receiver.spans
    expect(exemplar).toEqual({ trace_id: span?.traceId, span_id: span?.spanId })
    expect(service.telemetry.exemplar()).toBeUndefined()
  })

  it('works with any signals off', async () => {
    for (const off of ['traces', 'metrics', 'logs'] as const) {
      await using service = await TestService.start({ httpClient: false, [off]: false })
      expect(await get(`${await service.listen(createApp(service))}/v1/concerts/1`)).toBe(200)
      await service.telemetry.flush()
      expect(service.receiver.spans).toHaveLength(off === 'traces' ? 0 : 1)
      expect(service.receiver.logs).toHaveLength(off === 'logs' ? 0 : 2)
      expect(await service.scrape(`${HISTOGRAM}_count`)).toHaveLength(off === 'metrics' ? 0 : 1)
    }
  })

  it('starts after a start that was refused, on the same registry', async () => {
    await using receiver = await OtlpReceiver.start()
    const register = createRegistry()
    const common = { register, profiles: false as const, exporter: { endpoint: receiver.endpoint } }
    const refused = { ...common, logs: { stdout: false, pino: { transport: { target: 'x' } } } }
    expect(() => startTelemetry(refused)).toThrow('transport')
    for (let round = 0; round < 2; round += 1) {
      const telemetry = startTelemetry({ ...common, logs: { stdout: false } })
      telemetry.withSpan('job', () => undefined)
      telemetry.logger.info('hello')
      await telemetry.shutdown()
    }
    expect(receiver.spans).toHaveLength(2)
    expect(receiver.logs).toHaveLength(2)
  })

  it('answers what it cannot read like anything else that is thrown', async () => {
    await using service = await TestService.start({ httpClient: false })
    const app = new Koa()
    app.use(service.telemetry.middleware())
    app.use(() => {
      throw Object.defineProperty(new Error('no seat'), 'message', {
        get() {
          throw new Error('no')
        },
      })
    })
    expect(await get(await service.listen(app))).toBe(500)
    await service.telemetry.flush()
    expect(service.receiver.spans).toMatchObject([{ status: 'STATUS_CODE_ERROR' }])
    expect(await service.scrape('http_server_active_requests')).toEqual([
      'http_server_active_requests{http_request_method="GET"} 0',
    ])
  })

  it('starts once at a time', async () => {
    await using service = await TestService.start()
    expect(() => startTelemetry()).toThrow('running already')
    await service.telemetry.shutdown()
    await startTelemetry({ profiles: false, logs: { stdout: false } }).shutdown()
  })
})

function ids(span: { traceId: string; spanId: string } | undefined): { traceId?: string; spanId?: string } {
  return span ? { traceId: span.traceId, spanId: span.spanId } : {}
}
