import { request as httpRequest } from 'node:http'
import { context, createTraceState, propagation, trace } from '@opentelemetry/api'
import Koa from 'koa'
import { request } from 'undici'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { until } from './poll.ts'
import { TestService } from './support.ts'

const HISTOGRAM = 'http_server_request_duration_seconds'
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'
const CALLER = `00-${TRACE_ID}-00f067aa0ba902b7`

afterEach(() => {
  vi.unstubAllEnvs()
})

async function get(url: string, headers: Record<string, string> = {}): Promise<number> {
  const { statusCode, body } = await request(url, { headers })
  await body.dump()
  return statusCode
}

describe('attributes that cannot be read', () => {
  it('cost themselves alone', async () => {
    await using service = await TestService.start({ httpClient: false })
    const app = new Koa()
    app.use(service.telemetry.middleware())
    app.use((ctx) => {
      const cycle: Record<string, unknown> = {}
      cycle.self = cycle
      const bad = {
        cycle,
        deep: { a: { b: [{ c: 1n }] } },
        getter: {
          get value(): string {
            throw new Error('no')
          },
        },
        json: {
          toJSON(): string {
            throw new Error('no')
          },
        },
      }
      for (const [key, value] of Object.entries(bad)) {
        trace.getActiveSpan()?.setAttribute(key, value as never)
      }
      service.telemetry.withSpan('inner', bad as never, () => undefined)
      ctx.body = 'fine'
    })
    const url = await service.listen(app)
    expect(await get(url)).toBe(200)
    expect(await get(url)).toBe(200)
    await service.telemetry.flush()
    const { spans } = service.receiver
    expect(spans.map(({ name }) => name).toSorted()).toEqual(['GET', 'GET', 'inner', 'inner'])
    expect(spans[0]?.attributes).not.toHaveProperty('cycle')
  })
})

describe('a gateway that hands headers on', () => {
  it('sends one traceparent and one tracestate, its own', async () => {
    await using service = await TestService.start({ traces: { keepRatio: 1 } })
    const seen: (string | string[])[][] = []
    const app = new Koa()
    app.use((ctx) => {
      const named = (name: string) =>
        ctx.req.rawHeaders.filter((_value, index, all) => index % 2 === 1 && all[index - 1] === name)
      seen.push([named('traceparent'), named('tracestate')])
      ctx.body = 'fine'
    })
    const url = await service.listen(app)
    await service.telemetry.withSpan('gateway', async () => {
      const byHand: Record<string, string> = {}
      propagation.inject(context.active(), byHand)
      await get(url, byHand)
      const forwarded = { traceparent: `${CALLER}-01`, tracestate: 'vendor=1' }
      await get(url, forwarded)
      await fetch(url, { headers: { ...forwarded, Traceparent: `${CALLER}-00` } })
    })
    await service.telemetry.flush()
    const clients = service.receiver.spans.filter(({ kind }) => kind === 'SPAN_KIND_CLIENT')
    expect(seen).toEqual(
      clients.map(({ traceId, spanId }) => [[`00-${traceId}-${spanId}-01`], ['faultline=keep']]),
    )
  })
})

describe('a client that leaves', () => {
  async function leave(handler: (ctx: Koa.Context, left: Promise<unknown>) => unknown) {
    const service = await TestService.start({ httpClient: false })
    const app = new Koa()
    const arrived = Promise.withResolvers<void>()
    app.use(service.telemetry.middleware())
    app.use((ctx) => {
      const left = new Promise((resolve) => ctx.res.once('close', resolve))
      arrived.resolve()
      return handler(ctx, left)
    })
    const call = httpRequest(await service.listen(app)).end()
    call.on('error', () => undefined)
    await arrived.promise
    call.destroy()
    await until('the metric', async () => (await service.scrape(`${HISTOGRAM}_count`)).length > 0)
    await service.telemetry.flush()
    return service
  }

  it('is no 404, neither in the metric nor in span and log', async () => {
    await using service = await leave((_ctx, left) => left)
    expect(await service.scrape(`${HISTOGRAM}_count`)).toEqual([
      `${HISTOGRAM}_count{http_request_method="GET",http_route="unmatched",error_type="client_abort"} 1`,
    ])
    const [span] = service.receiver.spans
    expect(span).toMatchObject({ status: 'STATUS_CODE_UNSET', attributes: { 'error.type': 'client_abort' } })
    expect(span?.attributes).not.toHaveProperty('http.response.status_code')
    const [line] = service.receiver.logs
    expect(line?.attributes).toMatchObject({ 'error.type': 'client_abort' })
    expect(line?.attributes).not.toHaveProperty('http.response.status_code')
  })

  it('does not make a success of what had failed already', async () => {
    await using service = await leave(async (ctx, left) => {
      ctx.status = 503
      await left
    })
    expect((await service.scrape(`${HISTOGRAM}_count`))[0]).toContain('http_response_status_code="503"')
    expect(service.receiver.spans[0]).toMatchObject({ status: 'STATUS_CODE_ERROR' })
  })
})

describe('a caller’s sampling decision', () => {
  it('is honoured: flag 00 is not exported and passed on as 00, and counted', async () => {
    await using service = await TestService.start({ traces: { keepRatio: 1 } })
    const passedOn: (string | undefined)[] = []
    const app = new Koa()
    const below = new Koa()
    below.use((ctx) => {
      passedOn.push(ctx.req.headers.traceparent?.toString())
      ctx.body = 'fine'
    })
    const url = await service.listen(below)
    app.use(service.telemetry.middleware())
    app.use(async (ctx) => {
      await get(url)
      ctx.body = 'fine'
    })
    const gateway = await service.listen(app)
    const answer = httpRequest(gateway, { headers: { traceparent: `${CALLER}-00` } }).end()
    await new Promise((resolve) => answer.on('response', (response) => response.resume().on('end', resolve)))
    await until('the metric', async () => (await service.scrape(`${HISTOGRAM}_count`)).length > 0)
    await service.telemetry.flush()
    expect(passedOn[0]).toMatch(new RegExp(`^00-${TRACE_ID}-[\\da-f]{16}-00$`))
    expect(service.receiver.spans).toEqual([])
    expect(await service.scrape('http_client_request_duration_seconds_count')).toHaveLength(1)
  })

  it('of the environment is honoured: always_off counts everything and exports nothing', async () => {
    vi.stubEnv('OTEL_TRACES_SAMPLER', 'always_off')
    await using service = await TestService.start({ traces: { keepRatio: 1 }, httpClient: false })
    const app = new Koa()
    app.use(service.telemetry.middleware())
    app.use((ctx) => {
      ctx.body = 'fine'
    })
    const url = await service.listen(app)
    for (let index = 0; index < 5; index += 1) await get(url)
    await service.telemetry.flush()
    expect((await service.scrape(`${HISTOGRAM}_count`))[0]).toMatch(/ 5$/)
    expect((await service.scrape(`${HISTOGRAM}_bucket`)).join()).not.toContain('trace_id')
    expect(service.receiver.spans).toEqual([])
  })
})

describe('OTEL_PROPAGATORS', () => {
  it.each([
    ['b3multi,tracecontext', ['traceparent', 'x-b3-spanid', 'x-b3-traceid']],
    ['none', []],
  ])('%s is honoured', async (propagators, expected) => {
    vi.stubEnv('OTEL_PROPAGATORS', propagators)
    await using service = await TestService.start({ traces: { keepRatio: 0 } })
    let seen: string[] = []
    const app = new Koa()
    app.use((ctx) => {
      seen = Object.keys(ctx.req.headers)
      ctx.body = 'fine'
    })
    await get(await service.listen(app))
    const of = ['traceparent', 'x-b3-traceid', 'x-b3-spanid', 'tracestate']
    expect(seen.filter((name) => of.includes(name)).toSorted()).toEqual(expected)
  })

  it('takes a B3 caller for a parent', async () => {
    vi.stubEnv('OTEL_PROPAGATORS', 'b3multi')
    await using service = await TestService.start({ httpClient: false })
    const app = new Koa()
    app.use(service.telemetry.middleware())
    await get(await service.listen(app), {
      'x-b3-traceid': TRACE_ID,
      'x-b3-spanid': '00f067aa0ba902b7',
      'x-b3-sampled': '1',
    })
    await service.telemetry.flush()
    expect(service.receiver.spans[0]).toMatchObject({ traceId: TRACE_ID, parentSpanId: '00f067aa0ba902b7' })
  })
})

describe('error middleware below ours', () => {
  const failing = () => {
    throw new RangeError('out of seats')
  }

  async function fail(service: TestService, app: Koa) {
    expect(await get(await service.listen(app))).toBe(500)
    await service.telemetry.flush()
    const { spans, logs } = service.receiver
    expect(spans[0]?.events).toMatchObject([
      {
        name: 'exception',
        attributes: { 'exception.type': 'RangeError', 'exception.message': 'out of seats' },
      },
    ])
    const told = logs.filter(({ attributes }) => attributes['exception.message'] === 'out of seats')
    expect(told.map(({ body }) => body)).toEqual(['request completed'])
    expect(spans[0]?.attributes['error.type']).toBe('RangeError')
  }

  it('that reports to the application leaves the exception on the span and in one line', async () => {
    await using service = await TestService.start({ httpClient: false })
    const app = new Koa()
    app.use(service.telemetry.middleware())
    app.use(async (ctx, next) => {
      try {
        await next()
      } catch (error) {
        ctx.status = 500
        ctx.body = 'sorry'
        ctx.app.emit('error', error as Error, ctx)
      }
    })
    app.use(failing)
    await fail(service, app)
  })

  it('that tells nobody does so as well, with the middleware used again below it', async () => {
    await using service = await TestService.start({ httpClient: false })
    const observe = service.telemetry.middleware()
    const app = new Koa()
    app.use(observe)
    app.use(async (ctx, next) => {
      try {
        await next()
      } catch {
        ctx.status = 500
      }
    })
    app.use(observe)
    app.use(failing)
    await fail(service, app)
    expect(await service.scrape(`${HISTOGRAM}_count`)).toHaveLength(1)
  })
})

it('keeps other vendors’ members of tracestate', async () => {
  await using service = await TestService.start({ traces: { keepRatio: 1 }, httpClient: false })
  const app = new Koa()
  app.use(service.telemetry.middleware())
  await get(await service.listen(app), { traceparent: `${CALLER}-01`, tracestate: 'vendor=1' })
  await service.telemetry.flush()
  expect(service.receiver.spans[0]?.traceState).toBe(createTraceState('vendor=1').serialize())
})
