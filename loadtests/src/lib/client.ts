import { check } from 'k6'
import http, { type RefinedResponse } from 'k6/http'
import type { Route } from './routes.ts'
import { gatewayUrl } from './settings.ts'

export type Response = RefinedResponse<'text'>

export interface RequestOptions {
  /** Query parameters; those that are undefined are left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly headers?: Readonly<Record<string, string>>
  /** The status that counts as success, for checks and for `http_req_failed`, or several. Default 200. */
  readonly status?: number | readonly number[]
}

function urlOf(path: string, query: RequestOptions['query'] = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  )
  return `${gatewayUrl}${path}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`
}

function send(
  method: 'GET' | 'POST' | 'DELETE',
  route: Route,
  path: string,
  body: string | null,
  options: RequestOptions,
): Response {
  const statuses = [options.status ?? 200].flat()
  const response = http.request(method, urlOf(path, options.query), body, {
    // No traceparent: the gateway is where a trace starts and where its share to be kept is drawn.
    headers: { accept: 'application/json', ...options.headers },
    tags: { name: route },
    responseType: 'text',
    responseCallback: http.expectedStatuses(...statuses),
    timeout: '10s',
  })
  check(response, {
    [`${route} answers ${statuses.join(' or ')}`]: ({ status: actual }) => statuses.includes(actual),
  })
  return response
}

/** Sends a GET. Never throws: an answer of another status is a failed check and a failed request. */
export const get = (route: Route, path: string, options: RequestOptions = {}): Response =>
  send('GET', route, path, null, options)

/** Sends a DELETE, which is expected to answer 204 where nothing else is said. */
export const remove = (route: Route, path: string, options: RequestOptions = {}): Response =>
  send('DELETE', route, path, null, { status: 204, ...options })

/** Sends a POST; a string body goes out as it is, so that a script can also send what is not JSON. */
export const post = (route: Route, path: string, body: unknown, options: RequestOptions = {}): Response =>
  send('POST', route, path, typeof body === 'string' ? body : JSON.stringify(body), {
    ...options,
    headers: { 'content-type': 'application/json', ...options.headers },
  })

/** The JSON of an answer, or undefined where there is none: an answer may be cut off or come from a proxy. */
export function json<Body extends object>(response: Response): Partial<Body> | undefined {
  try {
    const body: unknown = response.json()
    return typeof body === 'object' && body !== null ? (body as Partial<Body>) : undefined
  } catch {
    return undefined
  }
}
