import type { TextMapSetter } from '@opentelemetry/api'

/** The part of undici's request that has to do with headers, in undici 5 (text) and later (a flat list). */
export interface RequestHeaders {
  headers: string | unknown[]
  addHeader(name: string, value: string): unknown
}

/**
 * Sets a header that the request may have already: a gateway that forwards its caller's headers, or a hand that
 * injects, must not make two of what has to be one.
 */
export const headerSetter: TextMapSetter<RequestHeaders> = {
  set(request, name, value) {
    const { headers } = request
    if (Array.isArray(headers)) {
      for (let index = headers.length - 2; index >= 0; index -= 2) {
        if (isNamed(headers[index], name)) headers.splice(index, 2)
      }
    } else if (typeof headers === 'string' && headers.toLowerCase().includes(`${name}:`)) {
      const lines = headers.split('\r\n').filter((line) => !isNamed(line.split(':', 1)[0], name))
      request.headers = lines.join('\r\n')
    }
    request.addHeader(name, value)
  },
}

function isNamed(header: unknown, name: string): boolean {
  return typeof header === 'string' && header.length === name.length && header.toLowerCase() === name
}
