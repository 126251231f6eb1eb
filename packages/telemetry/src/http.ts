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
