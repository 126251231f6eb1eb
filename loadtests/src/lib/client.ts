import { check } from 'k6'
import http, { type RefinedResponse } from 'k6/http'
import type { Route } from './routes.ts'
import { gatewayUrl } from './settings.ts'

export type Response = RefinedResponse<'text'>

export interface RequestOptions {
  /** Query parameters; those that are undefined are left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly headers?: Readonly<Record<string, string>>
  /** The one status that counts as success, for checks and for `http_req_failed`. Default 200. */
  readonly status?: number
}

function urlOf(path: string, query: RequestOptions['query'] = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  )
  return `${gatewayUrl}${path}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`
}

function send(
  method: 'GET' | 'POST',
  route: Route,
  path: string,
  body: string | null,
  options: RequestOptions,
): Response {
  const status = options.status ?? 200
  const response = http.request(method, urlOf(path, options.query), body, {
    // No traceparent: the gateway is where a trace starts and where its share to be kept is drawn.
    headers: { accept: 'application/json', ...options.headers },
    tags: { name: route },
    responseType: 'text',
    responseCallback: http.expectedStatuses(status),
    timeout: '10s',
  })
  check(response, { [`${route} answers ${status}`]: ({ status: actual }) => actual === status })
  return response
}

/** Sends a GET. Never throws: an answer of another status is a failed check and a failed request. */
export const get = (route: Route, path: string, options: RequestOptions = {}): Response =>
  send('GET', route, path, null, options)

/** Sends a POST; a string body goes out as it is, so that a script can also send what is not JSON. */
export const post = (route: Route, path: string, body: unknown, options: RequestOptions = {}): Response =>
  send('POST', route, path, typeof body === 'string' ? body : JSON.stringify(body), {
    ...options,
    headers: { 'content-type': 'application/json', ...options.headers },
  })
