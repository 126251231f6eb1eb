import { type PublicOperation, venueSchema } from '@faultline/contracts'
import { DependencyError, type HttpAnswer, ProblemError } from '@faultline/service-kit'
import { describe, expect, it } from 'vitest'
import { answerReader } from './answers.ts'

const venue = { id: crypto.randomUUID(), name: 'Hall', city: 'Köln', country: 'DE', capacity: 500 }
const JSON_TYPE = { 'content-type': 'application/json' }

const operation: PublicOperation = {
  operationId: 'getVenue',
  security: [],
  responses: {
    200: { description: 'The venue', content: { 'application/json': { schema: venueSchema } } },
    204: { description: 'Nothing to say' },
    304: { description: 'Unchanged' },
  },
}
const drawing: PublicOperation = {
  ...operation,
  responses: { ...operation.responses, 201: { description: 'A drawing', content: { 'image/png': {} } } },
}

/** What becomes of an answer, read from the wire as the reader wants it. */
function read(answer: Partial<Omit<HttpAnswer, 'body'>> & { body?: string | Buffer }, of = operation) {
  const reader = answerReader('catalog', of)
  const body = Buffer.from(answer.body ?? '').toString(reader.encoding)
  return reader.read({ status: 200, headers: {}, ...answer, body })
}

/** What reading an answer throws. */
function thrown(...args: Parameters<typeof read>): unknown {
  try {
    return read(...args)
  } catch (error) {
    return error
  }
}

describe('an answer', () => {
  it.each([operation, drawing])('that keeps the contract is passed on as it came', (of) => {
    const body = JSON.stringify({ ...venue, addedLater: true })
    const headers = { etag: '"v1"', server: 'Koa', 'content-type': 'application/json; charset=utf-8' }
    expect(read({ body, headers }, of)).toEqual({
      status: 200,
      headers: { etag: '"v1"', ...JSON_TYPE },
      body,
    })
  })

  it.each([204, 304])('of status %i has no body', (status) => {
    const answer = { status, headers: { etag: '"v1"' } }
    expect(read(answer)).toEqual({ ...answer, body: null })
  })

  it('that is no text keeps every byte', () => {
    const body = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    const headers = { 'content-type': 'image/png', 'content-disposition': 'attachment' }
    expect(read({ status: 201, body, headers }, drawing)).toEqual({ status: 201, headers, body })
  })

  it('names a place as the public knows it, and none of the inside', () => {
    const at = (location: string) => read({ status: 204, headers: { location } }).headers.location
    expect(at('/venues/7')).toBe('/v1/venues/7')
    expect(at('//toxiproxy:18082/venues/7')).toBe('/v1//toxiproxy:18082/venues/7')
    expect(at('http://toxiproxy:18082/venues/7')).toBeUndefined()
  })

  it.each([
    ['no JSON', { body: '<html>' }],
    ['JSON of another shape', { body: JSON.stringify({ ...venue, capacity: 'many' }) }],
    ['a refusal that is no problem', { status: 404, body: '{}' }],
    ['an unforeseen success', { status: 202, body: '' }],
    ['another media type', { status: 201, body: '<svg>', headers: { 'content-type': 'image/svg+xml' } }],
    ['no media type', { status: 201, body: 'x' }],
  ])('that is %s is not passed on', (_, answer) => {
    const error = thrown(answer, drawing)
    expect(error).toBeInstanceOf(DependencyError)
    expect(error).toMatchObject({ dependency: 'catalog', failure: 'invalid_answer' })
  })

  it.each([operation, drawing])('that refuses is the same problem in the name of the gateway', (of) => {
    const problem = {
      type: 'urn:faultline:problem:ticket-not-ready',
      title: 'There is no ticket yet',
      status: 404,
      detail: 'in Köln not yet',
      instance: '/orders/7/ticket',
      requestId: 'of the inside',
    }
    const headers = { 'retry-after': '1', 'cache-control': 'public', etag: '"v1"' }
    const error = thrown({ status: 404, body: JSON.stringify(problem), headers }, of)
    if (!(error instanceof ProblemError)) throw error
    expect(error.headers).toEqual({ 'retry-after': '1' })
    expect(error.body('/v1/orders/7/ticket', 'r')).toEqual({
      ...problem,
      instance: '/v1/orders/7/ticket',
      requestId: 'r',
    })
  })
})
