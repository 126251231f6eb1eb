import type { SpanContext } from '@opentelemetry/api'

export const ACCESS_MESSAGE = 'request completed'

/**
 * The fields of a `request completed` line, named by the semantic conventions; duration in seconds. A type, not an
 * interface, so that it is also the API's `Attributes`.
 */
export type AccessFields = {
  'http.request.method': string
  'http.route': string | undefined
  'url.path': string
  /** Undefined when the client left before the answer. */
  'http.response.status_code': number | undefined
  'http.server.request.duration': number
  'request.id': string | undefined
  'error.type': string | undefined
}

/** One access line on its way to both outputs. */
export interface AccessRecord {
  readonly level: 'info' | 'error'
  readonly fields: AccessFields
  /** The span of the request, which is not active any more when its line is written. */
  readonly spanContext?: SpanContext | undefined
  /** The exception that made the request fail, wherever it was caught. */
  readonly err?: unknown
}
