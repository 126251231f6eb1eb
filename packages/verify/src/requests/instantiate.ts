import { type Operation, parametersOf } from './plan.ts'

/** Ids at hand by name of one: `concertId` → ids. */
export type KnownIds = ReadonlyMap<string, readonly string[]>

/** A request that can be sent. */
export interface ConcreteRequest {
  readonly method: 'GET' | 'POST'
  readonly route: string
  /** Path with the query. */
  readonly path: string
  readonly body: string | undefined
  /** Carries the token of verify's user. */
  readonly signedIn?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

/** Ids of a list in one body: enough work for a sampling profiler to see. */
const IDS_PER_BODY = 50
/** Coprime with any usual page size, so that successive lists ask for different lengths. */
const LIMIT_STRIDE = 7

/**
 * The `index`-th request of an operation. Ids and page lengths vary with the index, so that caches are
 * missed as well as hit.
 */
export function instantiate(operation: Operation, ids: KnownIds, index: number): ConcreteRequest {
  const { method, route, maxLimit, idFields } = operation
  const path = fillIn(route, (name) => pick(ids.get(name) ?? [], index))
  const query = maxLimit === undefined ? '' : `?limit=${1 + ((index * LIMIT_STRIDE) % maxLimit)}`
  const fields = idFields.map((field) => [
    field,
    (ids.get(field.replace(/s$/, '')) ?? []).slice(0, IDS_PER_BODY),
  ])
  return {
    method,
    route,
    path: `${path}${query}`,
    body: method === 'POST' ? JSON.stringify(Object.fromEntries(fields)) : undefined,
    signedIn: operation.scopes !== undefined,
  }
}

/** The path of a route with its parameters. */
export function fillIn(route: string, valueFor: (name: string) => string): string {
  return parametersOf(route).reduce(
    (filled, name) => filled.replace(`{${name}}`, encodeURIComponent(valueFor(name))),
    route,
  )
}

function pick(values: readonly string[], index: number): string {
  return values[index % Math.max(1, values.length)] ?? ''
}
