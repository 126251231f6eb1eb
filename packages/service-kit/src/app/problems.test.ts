import { serve, testTelemetry } from '@faultline/test-support/telemetry'
import Router from '@koa/router'
import Koa from 'koa'
import { describe, expect, it } from 'vitest'
import { DependencyError } from '../http-client/attempt.ts'
import { requestId } from './app.ts'
import { DeadlineExceededError } from './deadline.ts'
import { overloaded, validationFailed } from './problem.ts'
import { inputRejections, problems } from './problems.ts'

/** An application whose one route throws the given error, and what a request to it brings. */
async function answerOf(error: unknown, request: { path?: string; method?: string } = {}) {
  const telemetry = testTelemetry()
  const app = new Koa()
  app.use(requestId())
  app.use(problems({ logger: telemetry.logger, onProblem: inputRejections(telemetry) }))
  const router = new Router()
  router.get('/things', () => {
    throw error
  })
  app.use(router.routes())
  app.use(router.allowedMethods())
  await using server = await serve(app)
  const answer = await fetch(`${server.url}${request.path ?? '/things'}`, {
    method: request.method ?? 'GET',
    headers: { 'x-request-id': 'abc' },
  })
  return { answer, body: (await answer.json()) as Record<string, unknown>, telemetry }
}

describe('problems', () => {
  it('answers with the members of RFC 9457, the request id and the headers of the problem', async () => {
    const { answer, body } = await answerOf(overloaded('too much', 2))
    expect(answer.status).toBe(503)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.headers.get('retry-after')).toBe('2')
    expect(body).toEqual({
      type: 'urn:faultline:problem:overloaded',
      title: 'The service has more work than it can do',
      status: 503,
      detail: 'too much',
      instance: '/things',
      requestId: 'abc',
    })
  })

  it('says nothing of the inside when something unforeseen fails, and logs it', async () => {
    const { answer, body, telemetry } = await answerOf(new Error('password of 10.0.0.7 is wrong'))
    expect(answer.status).toBe(500)
    expect(JSON.stringify(body)).not.toMatch(/password|10\.0\.0\.7|\.ts/)
    expect(JSON.stringify(telemetry.lines)).toContain('password of 10.0.0.7 is wrong')
  })

  it.each([
    ['timeout', 504],
    ['connection_failed', 503],
    ['circuit_open', 503],
    ['bulkhead_full', 503],
    ['unavailable', 503],
    ['error_answer', 502],
    ['invalid_answer', 502],
  ] as const)(
    'answers a dependency that failed by %s with %i and the class of the failure',
    async (failure, status) => {
      const cause = new Error('connect ECONNREFUSED 10.0.0.7:8082')
      const { answer, body } = await answerOf(new DependencyError('catalog', failure, cause))
      expect(answer.status).toBe(status)
      expect(body).toMatchObject({ dependency: 'catalog', cause: failure })
      expect(answer.headers.has('retry-after')).toBe(status === 503)
      expect(JSON.stringify(body)).not.toContain('10.0.0.7')
    },
  )

  it('answers a deadline that has passed with 504', async () => {
    expect((await answerOf(new DeadlineExceededError())).answer.status).toBe(504)
  })

  it('answers a path that no route serves with 404', async () => {
    const { answer, body } = await answerOf(undefined, { path: '/nothing' })
    expect(answer.status).toBe(404)
    expect(body).toMatchObject({ type: 'urn:faultline:problem:route-not-found', instance: '/nothing' })
  })

  it.each(['DELETE', 'PROPFIND'])(
    'answers %s, which no route takes, with 405 and what is allowed',
    async (method) => {
      const { answer, body } = await answerOf(undefined, { method })
      expect(answer.status).toBe(405)
      expect(answer.headers.get('allow')).toContain('GET')
      expect(body).toMatchObject({ type: 'urn:faultline:problem:method-not-allowed' })
    },
  )

  it('counts and logs rejected input as a security event, without the input', async () => {
    const problem = validationFailed([{ location: 'query', pointer: '/limit', detail: 'is wrong' }])
    const { telemetry } = await answerOf(problem, { path: '/things?limit=secret-value' })
    expect(await telemetry.value('input_rejections_total', { reason: 'validation-failed' })).toBe(1)
    expect(telemetry.lines).toContainEqual(
      expect.objectContaining({ 'event.name': 'security.input_validation_fail', errors: ['query /limit'] }),
    )
    expect(JSON.stringify(telemetry.lines)).not.toContain('secret-value')
  })
})
