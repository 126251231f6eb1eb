import { serve, testTelemetry } from '@faultline/test-support/telemetry'
import Router from '@koa/router'
import Koa, { type Middleware } from 'koa'
import { type OpenMetricsContentType, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { createServiceApp, requestId, type ServiceAppOptions } from './app.ts'
import { ProblemError } from './problem.ts'

class DomainError extends Error {}

async function served(options: Partial<ServiceAppOptions> = {}) {
  const telemetry = testTelemetry()
  const routes = new Router()
    .get('/deadline', (ctx) => {
      ctx.body = { remainingMs: ctx.state.deadline?.remainingMs() ?? null }
    })
    .get('/domain-error', () => {
      throw new DomainError('of the domain')
    })
  const app = createServiceApp({
    telemetry,
    document: { openapi: '3.1.1' },
    routes: [routes],
    shedding: { isOn: () => true },
    ...options,
  })
  const server = await serve(app)
  return {
    telemetry,
    get: (path: string, init?: RequestInit) => fetch(`${server.url}${path}`, init),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

describe("a service's application", () => {
  it('publishes its document', async () => {
    await using service = await served()
    const answer = await service.get('/openapi.json')
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
    expect(await answer.json()).toEqual({ openapi: '3.1.1' })
  })

  it('gives every answer a request id, and what no route takes a problem', async () => {
    await using service = await served()
    const unknown = await service.get('/no-such-route')
    expect([unknown.status, unknown.headers.get('content-type')]).toEqual([404, 'application/problem+json'])
    expect(unknown.headers.get('x-request-id')).toMatch(/.+/)
    expect((await service.get('/deadline', { method: 'DELETE' })).status).toBe(405)
  })

  it('says in problems what the domain says in errors of its own', async () => {
    const asProblem = (error: unknown) =>
      error instanceof DomainError
        ? new ProblemError({ status: 409, type: 'of-the-domain', title: 'No', detail: error.message })
        : error
    await using service = await served({ asProblem })
    expect((await service.get('/domain-error')).status).toBe(409)
    await using without = await served()
    expect((await without.get('/domain-error')).status).toBe(500)
  })

  it('has a deadline and sheds load unless it is told not to', async () => {
    await using service = await served({ shedding: { isOn: () => true, maxConcurrent: 0 } })
    expect((await service.get('/deadline')).status).toBe(503)
    await using switchedOff = await served({ shedding: { isOn: () => false, maxConcurrent: 0 } })
    expect((await switchedOff.get('/deadline')).status).toBe(200)
    await using patient = await served({ deadline: { maxMs: 500 } })
    expect(await (await patient.get('/deadline')).json()).toEqual({
      remainingMs: expect.toSatisfy((ms: number) => ms > 0 && ms <= 500),
    })
    await using stranger = await served({ deadline: false, shedding: false })
    expect(await (await stranger.get('/deadline')).json()).toEqual({ remainingMs: null })
    expect(await stranger.telemetry.register.metrics()).not.toContain('load_shed_requests_total')
  })

  it('does without a middleware of telemetry, and lets one see every request first', async () => {
    const { logger, register } = testTelemetry()
    await using without = await served({ telemetry: { logger, register } })
    expect((await without.get('/openapi.json')).status).toBe(200)
    const seen: string[] = []
    const middleware = (): Middleware => async (ctx, next) => {
      await next()
      seen.push(`${ctx.path} ${ctx.status} ${ctx.state.requestId === undefined}`)
    }
    await using instrumented = await served({
      telemetry: { logger, register: new Registry<OpenMetricsContentType>(), middleware },
    })
    await instrumented.get('/no-such-route')
    expect(seen).toEqual(['/no-such-route 404 false'])
  })

  it('passes a request through what comes first before it counts it as work', async () => {
    await using service = await served({
      shedding: { isOn: () => true, maxConcurrent: 0 },
      first: [
        () => {
          throw new ProblemError({ status: 429, type: 'first', title: 'First', detail: 'first' })
        },
      ],
    })
    expect((await service.get('/deadline')).status).toBe(429)
  })
})

const UUID = /^[0-9a-f-]{36}$/

async function idFor(incoming: string | undefined): Promise<string | null> {
  const app = new Koa()
  app.use(requestId())
  app.use((ctx) => {
    ctx.body = ctx.state.requestId
  })
  await using server = await serve(app)
  const answer = await fetch(server.url, {
    headers: incoming === undefined ? {} : { 'x-request-id': incoming },
  })
  expect(await answer.text()).toBe(answer.headers.get('x-request-id'))
  return answer.headers.get('x-request-id')
}

describe('requestId', () => {
  it('makes an id', async () => {
    expect(await idFor(undefined)).toMatch(UUID)
  })

  it('keeps the id of the caller', async () => {
    expect(await idFor('order-4711.a_b')).toBe('order-4711.a_b')
  })

  it.each(['a b', '<script>', 'x'.repeat(65)])(
    'does not keep %s, which would end up in logs',
    async (incoming) => {
      expect(await idFor(incoming)).toMatch(UUID)
    },
  )
})
