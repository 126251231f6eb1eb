import { ACCESS_MESSAGE, type AccessRecord } from './access-record.ts'

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
 * The access line as pino writes it with this package's settings. It is every request's line, and pino's way
 * through mixin, formatters and serializers costs several times as much.
 * @param timeMs milliseconds since the Unix epoch
 */
export function formatAccessLine({ level, fields, span }: AccessRecord, timeMs: number): string {
  let line = `{"level":"${level}","time":${timeMs}`
  if (span) line += `,"trace_id":"${span.traceId}","span_id":"${span.spanId}"`
  line += `,"http.request.method":"${fields['http.request.method']}"`
  const route = fields['http.route']
  if (route !== undefined) line += `,"http.route":${quoteOften(route)}`
  line += `,"url.path":${JSON.stringify(fields['url.path'])}`
  line += `,"http.response.status_code":${fields['http.response.status_code']}`
  line += `,"http.server.request.duration":${fields['http.server.request.duration']}`
  const requestId = fields['request.id']
  if (requestId !== undefined) line += `,"request.id":${JSON.stringify(requestId)}`
  const errorType = fields['error.type']
  if (errorType !== undefined) line += `,"error.type":${quoteOften(errorType)}`
  return `${line},"msg":"${ACCESS_MESSAGE}"}\n`
}
