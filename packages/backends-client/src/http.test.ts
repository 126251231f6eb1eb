import { MockAgent } from 'undici'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import {
  BackendAnswerInvalid,
  BackendError,
  BackendRefused,
  BackendUnreachable,
  createBackendHttp,
} from './http.ts'

const ORIGIN = 'http://backend.test'
const asked = { path: 'api/thing', query: 'the thing' }
const answer = z.object({ answer: z.number() })

let agent: MockAgent
let http: ReturnType<typeof createBackendHttp>

beforeEach(() => {
  agent = new MockAgent()
  agent.disableNetConnect()
  http = createBackendHttp('loki', { baseUrl: ORIGIN, dispatcher: agent })
})

afterEach(() => agent.close())

describe('createBackendHttp', () => {
  it('sends headers and parameters, and leaves undefined ones out', async () => {
    agent
      .get(ORIGIN)
      .intercept({ path: '/api/thing?q=x+y', headers: { 'x-encoding': 'flat' } })
      .reply(200, { answer: 1 })
    const parameters = { q: 'x y', left: undefined }
    const headers = { 'x-encoding': 'flat' }
    await expect(http.json({ ...asked, parameters, headers }, answer)).resolves.toEqual({ answer: 1 })
  })

  it('sends a form by POST', async () => {
    agent
      .get(ORIGIN)
      .intercept({ path: '/api/thing', method: 'POST', body: 'query=a%2Bb' })
      .reply(200, { answer: 2 })
    await expect(http.json({ ...asked, form: { query: 'a+b' } }, answer)).resolves.toEqual({ answer: 2 })
  })

  it('keeps a path of the base address', async () => {
    agent.get(ORIGIN).intercept({ path: '/prefix/api/thing' }).reply(200, { answer: 3 })
    const prefixed = createBackendHttp('loki', { baseUrl: `${ORIGIN}/prefix`, dispatcher: agent })
    await expect(prefixed.json(asked, answer)).resolves.toEqual({ answer: 3 })
  })

  it('names status, reason and query of a refusal', async () => {
    agent.get(ORIGIN).intercept({ path: '/api/thing' }).reply(400, 'parse error : bad')
    const error = await http.json(asked, answer).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(BackendRefused)
    expect(error).toMatchObject({
      backend: 'loki',
      query: 'the thing',
      status: 400,
      body: 'parse error : bad',
    })
  })

  it.each([
    ['what is not JSON', '<html>', /not JSON: <html>/],
    ['another shape', { answer: 'one' }, /answer: .*expected number/i],
  ])('rejects %s', async (_, body, reason) => {
    agent.get(ORIGIN).intercept({ path: '/api/thing' }).reply(200, body)
    const error = await http.json(asked, answer).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(BackendAnswerInvalid)
    expect(error).toHaveProperty('message', expect.stringMatching(reason))
  })

  it('says which address could not be reached', async () => {
    agent.get(ORIGIN).intercept({ path: '/api/thing' }).replyWithError(new Error('connect ECONNREFUSED'))
    const error = await http.json(asked, answer).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(BackendUnreachable)
    expect(error).toMatchObject({
      timedOut: false,
      message: expect.stringContaining(`GET ${ORIGIN}/api/thing`),
    })
  })

  it('gives up at its deadline', async () => {
    agent.get(ORIGIN).intercept({ path: '/api/thing' }).reply(200, { answer: 1 }).delay(5_000)
    const hurried = createBackendHttp('loki', { baseUrl: ORIGIN, dispatcher: agent, timeoutMs: 20 })
    const error = await hurried.json(asked, answer).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ timedOut: true, message: expect.stringContaining('within 20 ms') })
  })

  it("ends with the caller's reason when aborted before or during the call", async () => {
    agent.get(ORIGIN).intercept({ path: '/api/thing' }).reply(200, { answer: 1 }).delay(5_000)
    const stop = new AbortController()
    const { signal } = stop
    const stoppable = createBackendHttp('loki', { baseUrl: ORIGIN, dispatcher: agent, signal })
    const running = stoppable.json(asked, answer)
    const reason = new Error('enough')
    stop.abort(reason)
    await expect(running).rejects.toBe(reason)
    await expect(stoppable.json(asked, answer)).rejects.toBe(reason)
  })
})

const call = {
  backend: 'prometheus',
  target: 'POST http://127.0.0.1:9090/api/v1/query',
  query: 'up',
} as const

describe('errors', () => {
  it.each([
    new BackendUnreachable(call, { cause: new Error('connect ECONNREFUSED 127.0.0.1:9090') }),
    new BackendUnreachable(call, { timedOutAfterMs: 10_000 }),
    new BackendRefused(call, 400, '{"status":"error","errorType":"bad_data","error":"parse error"}'),
    new BackendAnswerInvalid(call, 'data.resultType: expected string'),
  ])('names backend, address, query and cause: %s', (error) => {
    expect(error).toBeInstanceOf(BackendError)
    expect(error).toMatchObject(call)
    expect(error.message).toContain('prometheus')
    expect(error.message).toContain(call.target)
    expect(error.message).toContain('query: up')
  })

  it('tells a missed deadline from a refused connection', () => {
    expect(new BackendUnreachable(call, { timedOutAfterMs: 5 }).timedOut).toBe(true)
    expect(new BackendUnreachable(call, { cause: new Error('x') }).timedOut).toBe(false)
  })

  it('joins the causes of a connection tried on several addresses', () => {
    const cause = new AggregateError([
      new Error('ECONNREFUSED ::1:9090'),
      new Error('ECONNREFUSED 127.0.0.1'),
    ])
    expect(new BackendUnreachable(call, { cause }).message).toContain(
      'ECONNREFUSED ::1:9090; ECONNREFUSED 127',
    )
  })

  it.each([
    ['{"status":"error","error":"parse error at char 3"}', 'parse error at char 3'],
    ['{"code":"invalid_argument","message":"bad selector"}', 'bad selector'],
    ['parse error : syntax error\n', 'parse error : syntax error'],
    ['', 'empty body'],
  ])('reads the reason out of %j', (body, reason) => {
    expect(new BackendRefused(call, 400, body).message).toContain(`status 400: ${reason}`)
  })
})
