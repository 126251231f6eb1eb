/** A path with the query string that came with the public request, if any. */
export function withQuery(path: string, querystring: string): string {
  return querystring === '' ? path : `${path}?${querystring}`
}
