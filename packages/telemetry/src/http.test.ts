import { once } from 'node:events'
import { connect, constants, createServer, type Http2ServerResponse } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { SpanKind } from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import { Spans } from '../test/metric-spans.ts'
import { markClientAbort } from './http.ts'

describe('a request over HTTP/2', () => {
  it.each([
    ['whose client left', true, 'client_abort'],
    ['that was answered', false, undefined],
  ])('%s has that error type', async (_, isLeft, errorType) => {
    const server = createServer()
    server.listen(0)
    await once(server, 'listening')
    const client = connect(`http://localhost:${(server.address() as AddressInfo).port}`)
    try {
      const stream = client.request({ ':path': '/' })
      stream.on('error', () => {}).resume()
      const [, response] = (await once(server, 'request')) as [unknown, Http2ServerResponse]
      const closed = once(response, 'close')
      if (isLeft) stream.close(constants.NGHTTP2_CANCEL)
      else response.end('here')
      await closed
      const spans = new Spans()
      const span = spans.start({ kind: SpanKind.SERVER, attributes: { 'http.request.method': 'GET' } })
      // The official instrumentation's type names HTTP/1 only.
      markClientAbort(span, response.req as never, response as never)
      spans.end(span)
      const [labels] = (await spans.counts('http_server_request_duration_seconds'))[0] ?? []
      expect(labels?.error_type).toBe(errorType)
    } finally {
      client.destroy()
      server.close()
    }
  })
})
