import { MockAgent } from 'undici'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { BackendAnswerInvalid, BackendRefused, BackendUnreachable } from './errors.ts'
import { type BackendHttp, createBackendHttp } from './http.ts'

const ORIGIN = 'http://backend.test'
const asked = { path: 'api/thing', query: 'the thing' }
const answer = z.object({ answer: z.number() })

let agent: MockAgent
let http: BackendHttp

beforeEach(() => {
  agent = new MockAgent()
  agent.disableNetConnect()
  http = createBackendHttp('loki', { baseUrl: ORIGIN, dispatcher: agent, headers: { 'x-scope-orgid': 'me' } })
})

afterEach(() => agent.close())

describe('createBackendHttp', () => {
  it('sends parameters, repeated ones too, and leaves undefined ones out', async () => {
    agent
      .get(ORIGIN)
      .intercept({ path: '/api/thing?match%5B%5D=a&match%5B%5D=b&q=x+y', headers: { 'x-scope-orgid': 'me' } })
      .reply(200, { answer: 1 })
    const parameters = { 'match[]': ['a', 'b'], q: 'x y', left: undefined }
    await expect(http.json({ ...asked, parameters }, answer)).resolves.toEqual({ answer: 1 })
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
    const error = await http.json(asked, answer, { timeoutMs: 20 }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ timedOut: true, message: expect.stringContaining('within 20 ms') })
  })

  it("ends with the caller's reason when aborted before or during the call", async () => {
    agent.get(ORIGIN).intercept({ path: '/api/thing' }).reply(200, { answer: 1 }).delay(5_000)
    const stop = new AbortController()
    const running = http.json(asked, answer, { signal: stop.signal })
    const reason = new Error('enough')
    stop.abort(reason)
    await expect(running).rejects.toBe(reason)
    await expect(http.json(asked, answer, { signal: stop.signal })).rejects.toBe(reason)
  })
})
