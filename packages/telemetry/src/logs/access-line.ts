import type { SpanContext } from '@opentelemetry/api'

export const ACCESS_MESSAGE = 'request completed'

/**
 * The fields of a `request completed` line, named by the semantic conventions; duration in seconds. A type, not an
 * interface, so that it is also the API's `Attributes`.
 */
type AccessFields = {
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

/** Routes are few and quoted once. */
const MAX_QUOTED = 1_024
const quoted = new Map<string, string>()

function quoteOften(text: string): string {
  let quote = quoted.get(text)
  if (quote === undefined) {
    quote = JSON.stringify(text)
    if (quoted.size < MAX_QUOTED) quoted.set(text, quote)
  }
  return quote
}

/**
 * The access line as pino writes it with this package's settings, without `err`. It is every request's line, and
 * pino's way through mixin, formatters and serializers costs several times as much.
 * @param timeMs milliseconds since the Unix epoch
 */
export function formatAccessLine({ level, fields, spanContext }: AccessRecord, timeMs: number): string {
  const ids = spanContext ? `,"trace_id":"${spanContext.traceId}","span_id":"${spanContext.spanId}"` : ''
  const route = fields['http.route']
  const requestId = fields['request.id']
  const errorType = fields['error.type']
  const known = `"http.request.method":"${fields['http.request.method']}"${
    route === undefined ? '' : `,"http.route":${quoteOften(route)}`
  },"url.path":`
  const rest = `${requestId === undefined ? '' : `,"request.id":${JSON.stringify(requestId)}`}${
    errorType === undefined ? '' : `,"error.type":${quoteOften(errorType)}`
  },"msg":"${ACCESS_MESSAGE}"}\n`
  const code = fields['http.response.status_code']
  const status = code === undefined ? '' : `"http.response.status_code":${code},`
  const duration = fields['http.server.request.duration']
  return `{"level":"${level}","time":${timeMs}${ids},${known}${JSON.stringify(fields['url.path'])},${status}"http.server.request.duration":${duration}${rest}`
}
