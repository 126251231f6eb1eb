import { once } from 'node:events'
import { connect } from 'node:net'
import { type ServedApp, serve, testTelemetry } from '@faultline/test-support/telemetry'
import fc from 'fast-check'
import Koa from 'koa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readJsonBody, validate } from './input.ts'
import { ProblemError } from './problem.ts'
import { problems } from './problems.ts'

let server: ServedApp

beforeAll(async () => {
  const app = new Koa()
  app.on('error', () => undefined)
  app.use(problems({ logger: testTelemetry().logger }))
  app.use(async (ctx) => {
    ctx.body = { received: await readJsonBody(ctx) }
  })
  server = await serve(app)
})
afterAll(() => server?.[Symbol.asyncDispose]())

async function post(body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) {
  const answer = await fetch(server.url, { method: 'POST', body, headers })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

describe('readJsonBody', () => {
  it('reads JSON', async () => {
    expect(await post('{"a":[1,"ü"]}')).toEqual({ status: 200, body: { received: { a: [1, 'ü'] } } })
  })

  it.each([
    ['{"a":1,}', 'unexpected character at position 7 (line 1, column 8)'],
    ['{\n "a" 1}', 'unexpected character at position 7 (line 2, column 6)'],
    ['{"a":', 'it ends too early, at position 5'],
    ['"abc', 'it ends too early, at position 4'],
    ['', 'the body is empty'],
  ])('says where %j breaks off', async (text, detail) => {
    const { status, body } = await post(text)
    expect(status).toBe(400)
    expect(body).toMatchObject({
      type: 'urn:faultline:problem:malformed-json',
      errors: [{ location: 'body', detail }],
    })
  })

  it('answers any text with what it means or with a 400', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json({ maxDepth: 1 }), fc.string({ maxLength: 30 })), async (text) => {
        fc.pre(Buffer.byteLength(text) <= 100)
        const { status } = await post(text)
        expect([200, 400]).toContain(status)
      }),
      { numRuns: 50 },
    )
  })

  it('names the limit to a body over it, announced or not', async () => {
    const long = JSON.stringify('x'.repeat(64 * 1024))
    const announced = await post(long)
    expect(announced).toMatchObject({ status: 413, body: { detail: 'the body is longer than 65536 bytes' } })
    const streamed = await fetch(server.url, {
      method: 'POST',
      body: ReadableStream.from([new TextEncoder().encode(long)]),
      headers: { 'content-type': 'application/json' },
      duplex: 'half',
    } as RequestInit)
    expect(streamed.status).toBe(413)
  })

  it.each([
    ['another type', { 'content-type': 'text/plain' }],
    ['no type', {}],
    ['a compressed body', { 'content-type': 'application/json', 'content-encoding': 'gzip' }],
  ])('refuses %s with 415', async (_, headers) => {
    const { status, body } = await post('{}', headers)
    expect(status).toBe(415)
    expect(body.detail).toContain('application/json')
  })

  it('survives a client that leaves in the middle of the body', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.write(
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{"a":',
    )
    await once(socket, 'connect')
    socket.destroy()
    expect((await post('{}')).status).toBe(200)
  })
})

const schema = z.strictObject({ ids: z.array(z.int()).max(2), 'a/b': z.string().optional() })

function problemOf(run: () => unknown): ProblemError {
  try {
    run()
  } catch (error) {
    if (error instanceof ProblemError) return error
  }
  throw new Error('no problem was thrown')
}

describe('validate', () => {
  it('gives back what the schema makes of the value', () => {
    expect(validate(z.coerce.number(), '5', 'query')).toBe(5)
  })

  it('names every wrong part and where it is', () => {
    const problem = problemOf(() => validate(schema, { ids: [1, 'x'], 'a/b': 1, more: true }, 'body'))
    expect(problem.status).toBe(400)
    expect(problem.errors?.map(({ location, pointer }) => [location, pointer])).toEqual([
      ['body', '/ids/1'],
      ['body', '/a~1b'],
      ['body', '/more'],
    ])
    expect(problem.message).toContain('(and 2 more)')
  })

  it('points at the one value that is checked by itself', () => {
    const problem = problemOf(() => validate(z.uuid(), 'x', 'path', 'concertId'))
    expect(problem.errors).toEqual([{ location: 'path', pointer: '/concertId', detail: 'Invalid UUID' }])
  })
})
