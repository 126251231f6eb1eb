import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { outcomeOf } from './server-span.ts'

function response(statusCode: number, state: 'sent' | 'begun' | 'none'): ServerResponse {
  const writableFinished = state === 'sent'
  return { statusCode, writableFinished, headersSent: state !== 'none' } as ServerResponse
}

const aborted = Object.assign(new Error('aborted'), { code: 'ECONNRESET' })
const abort = new DOMException('gone', 'AbortError')
const unreadable = Object.defineProperty(new Error('x'), 'name', {
  get() {
    throw new Error('no')
  },
})
const abortedBy = { statusCode: undefined, errorType: 'client_abort' }

describe('outcome of a request', () => {
  it.each([
    ['answered', response(200, 'sent'), undefined, { statusCode: 200, errorType: undefined }],
    ['answered, refused', response(404, 'sent'), undefined, { statusCode: 404, errorType: undefined }],
    ['failed', response(500, 'sent'), undefined, { statusCode: 500, errorType: '500' }],
    [
      'failed with an error',
      response(500, 'sent'),
      new RangeError('x'),
      { statusCode: 500, errorType: 'RangeError' },
    ],
    ['failed, unreadable', response(500, 'sent'), unreadable, { statusCode: 500, errorType: '500' }],
    ['failed, thrown symbol', response(500, 'sent'), Symbol('x'), { statusCode: 500, errorType: '500' }],
    ['failed for a broken upstream', response(502, 'sent'), aborted, { statusCode: 502, errorType: '502' }],
    ['left in the middle', response(200, 'begun'), undefined, { statusCode: 200, errorType: 'client_abort' }],
    ['left before', response(404, 'none'), undefined, abortedBy],
    ['left before, work given up', response(404, 'none'), abort, abortedBy],
    ['left during an upload', response(500, 'none'), aborted, abortedBy],
    [
      'left, would have failed',
      response(404, 'none'),
      new RangeError('x'),
      { statusCode: 500, errorType: 'RangeError' },
    ],
    ['left, failed already', response(503, 'none'), undefined, { statusCode: 503, errorType: '503' }],
    ['left, would have been refused', response(404, 'none'), { status: 409 }, abortedBy],
  ] as const)('%s', (_what, res, error, outcome) => {
    expect(outcomeOf(res, error)).toEqual(outcome)
  })
})
