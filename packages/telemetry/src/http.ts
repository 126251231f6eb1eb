import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import type { Http2Stream } from 'node:http2'
import type { Attributes, Span } from '@opentelemetry/api'

/** Methods of RFC 9110 and RFC 5789; the conventions have any other one become `_OTHER`. */
const KNOWN_METHODS = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
])

export const OTHER_METHOD = '_OTHER'

/** Keeps what a caller may put in a method out of labels and span names. */
export function knownMethod(method: string | undefined): string {
  return method !== undefined && KNOWN_METHODS.has(method) ? method : OTHER_METHOD
}

/** Start of a span's name: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#name */
export function spanMethod(method: string): string {
  return method === OTHER_METHOD ? 'HTTP' : method
}

/** The path of a request's target. */
export function withoutQuery(target: string): string {
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query)
}

/** `error.type` of a request whose client left before the answer had been sent. */
export const CLIENT_ABORT = 'client_abort'

/**
 * Hook for `new HttpInstrumentation({ applyCustomAttributesOnSpan: markClientAbort })`: of a request whose client left
 * it would report the status that nobody has decided yet, 200 or Koa's 404.
 */
export function markClientAbort(
  span: Span,
  _request: ClientRequest | IncomingMessage,
  response: IncomingMessage | ServerResponse,
): void {
  // Called for outgoing requests, too, whose response is a message that came in.
  if (!('writableFinished' in response)) return
  // HTTP/2 calls a response finished when its client has reset the stream.
  const { stream } = response as { readonly stream?: Http2Stream }
  if (response.writableFinished && !stream?.aborted) return
  // Failed before the client left: that counts.
  if (response.statusCode >= 500) return
  span.setAttribute('error.type', CLIENT_ABORT)
  if (response.headersSent) return
  const { attributes } = span as { readonly attributes?: Attributes }
  if (!attributes) return
  delete attributes['http.response.status_code']
  delete attributes['http.status_code']
}
