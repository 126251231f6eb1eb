import { describe, expect, it } from 'vitest'
import { BackendAnswerInvalid, BackendError, BackendRefused, BackendUnreachable } from './errors.ts'

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
