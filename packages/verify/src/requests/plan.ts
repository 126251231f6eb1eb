import * as z from 'zod'
import type { ConcreteRequest } from './sender.ts'

/** What verify reads of an OpenAPI document. */
export const openApiDocument = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        parameters: z
          .array(
            z.looseObject({
              name: z.string(),
              in: z.string(),
              schema: z.looseObject({ maximum: z.number() }).partial().optional(),
            }),
          )
          .default([]),
        operationId: z.string().optional(),
        security: z.array(z.record(z.string(), z.array(z.string()))).default([]),
        requestBody: z
          .looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.unknown() })) })
          .optional(),
      }),
    ),
  ),
  components: z
    .looseObject({ schemas: z.record(z.string(), z.unknown()) })
    .partial()
    .optional(),
})
type OpenApiDocument = z.infer<typeof openApiDocument>

/** An operation that verify may call as often as it likes, because it changes nothing. */
export interface Operation {
  readonly method: 'GET' | 'POST'
  /** Path template as in the document: `/v1/concerts/{concertId}`. */
  readonly route: string
  /** Largest `limit` of a list that takes one. */
  readonly maxLimit: number | undefined
  /** Fields of the body that take lists of ids, by name: `concertIds`. */
  readonly idFields: readonly string[]
  /** Scopes that its token must have; undefined where it wants no token. */
  readonly scopes: readonly string[] | undefined
}

/** Where ids for a path parameter or a body field come from: `concertId` and `concertIds` from `/v1/concerts`. */
interface IdSource {
  readonly name: string
  /** Route of the list whose items have the ids. */
  readonly route: string
}

export interface RequestPlan {
  readonly operations: readonly Operation[]
  readonly idSources: readonly IdSource[]
  /** Whether the API sells, or only reads out a catalog. */
  readonly sells: boolean
  /** What an order takes; undefined where an operation of it is missing. */
  readonly orderRoutes: OrderRoutes | undefined
  /** Operations of an order that an API which sells lacks, by their `operationId`; none where it does not sell. */
  readonly missingOperations: readonly string[]
}

/** Operations of an order by their `operationId`, with their routes. */
const ORDER_OPERATIONS = {
  signIn: 'signIn',
  concerts: 'searchConcerts',
  seats: 'listSeats',
  reserve: 'createReservation',
  pay: 'createOrder',
  order: 'getOrder',
  ticket: 'getTicket',
} as const
export type OrderRoutes = Readonly<Record<keyof typeof ORDER_OPERATIONS, string>>
/** Operations by which an API says that it sells: of these it has all, or is no shop; the others any catalog has. */
const SELLING: readonly (keyof typeof ORDER_OPERATIONS)[] = ['signIn', 'reserve', 'pay', 'order', 'ticket']

/** Ids that come from verify's own order, not from a list: what a list has may not have its ticket yet. */
const ORDER_IDS = ['orderId', 'reservationId']

/**
 * Which operations of a gateway can be called without changing anything: every GET, and POST where the
 * resource is a query (`…-queries`, the API's way of asking with a body). Ids come from the lists of the
 * same API and from verify's own order; operations whose ids come from neither are left out.
 */
export function planRequests(document: OpenApiDocument): RequestPlan {
  const operations = Object.entries(document.paths).flatMap(([route, methods]): Operation[] =>
    Object.entries(methods).flatMap(([method, operation]): Operation[] => {
      const maxLimit = operation.parameters.find(({ name }) => name === 'limit')?.schema?.maximum
      const scopes = scopesOf(operation.security)
      if (method === 'get') return [{ method: 'GET', route, maxLimit, idFields: [], scopes }]
      if (method !== 'post' || !route.endsWith('-queries')) return []
      return [
        {
          method: 'POST',
          route,
          maxLimit: undefined,
          idFields: idFieldsOf(operation.requestBody, document),
          scopes,
        },
      ]
    }),
  )
  const lists = operations.filter(({ method, route }) => method === 'GET' && parametersOf(route).length === 0)
  const order = orderOperationsOf(document)
  const { sells, orderRoutes } = order
  const wanted = new Set(operations.flatMap(idsOf).filter((name) => !(sells && ORDER_IDS.includes(name))))
  const idSources = [...wanted].flatMap((name): IdSource[] => {
    const list = lists.find(({ route }) => singular(route.split('/').at(-1) ?? '') === name)
    return list === undefined ? [] : [{ name, route: list.route }]
  })
  const known = new Set([...idSources.map(({ name }) => name), ...(orderRoutes ? ORDER_IDS : [])])
  return {
    operations: operations.filter((operation) => idsOf(operation).every((id) => known.has(id))),
    idSources,
    ...order,
  }
}

/** Of the alternatives that OpenAPI allows the first; none, or an empty one, wants no token. */
function scopesOf(security: readonly Record<string, string[]>[]): readonly string[] | undefined {
  const [first] = Object.values(security[0] ?? {})
  return first
}

function orderOperationsOf({
  paths,
}: OpenApiDocument): Pick<RequestPlan, 'sells' | 'orderRoutes' | 'missingOperations'> {
  const routes = new Map(
    Object.entries(paths).flatMap(([route, methods]) =>
      Object.values(methods).map(({ operationId = '' }) => [operationId, route] as const),
    ),
  )
  const sells = SELLING.some((name) => routes.has(ORDER_OPERATIONS[name]))
  const missing = Object.values(ORDER_OPERATIONS).filter((id) => !routes.has(id))
  if (!sells || missing.length > 0) {
    return { sells, orderRoutes: undefined, missingOperations: sells ? missing : [] }
  }
  const found = Object.entries(ORDER_OPERATIONS).map(([name, id]) => [name, routes.get(id)])
  return { sells, orderRoutes: Object.fromEntries(found) as OrderRoutes, missingOperations: [] }
}

/** Names of path parameters in order. */
function parametersOf(route: string): string[] {
  return [...route.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name)
}

/** The ids that an operation needs, by the name of one: `concertIds` needs `concertId`. */
export function idsOf({ route, idFields }: Operation): string[] {
  return [...parametersOf(route), ...idFields.map((field) => field.replace(/s$/, ''))]
}

/** `concerts` → `concertId` */
function singular(collection: string): string {
  return `${collection.replace(/s$/, '')}Id`
}

const objectSchema = z.looseObject({ properties: z.record(z.string(), z.unknown()) })
const reference = z.looseObject({ $ref: z.string().startsWith('#/components/schemas/') })

function idFieldsOf(
  body: { content: Record<string, { schema?: unknown }> } | undefined,
  document: OpenApiDocument,
): string[] {
  const schema = body?.content['application/json']?.schema
  const referred = reference.safeParse(schema)
  const resolved = referred.success
    ? document.components?.schemas?.[referred.data.$ref.split('/').at(-1) ?? '']
    : schema
  const parsed = objectSchema.safeParse(resolved)
  return parsed.success ? Object.keys(parsed.data.properties).filter((name) => name.endsWith('Ids')) : []
}

/** Ids of a list in one body: enough work for a sampling profiler to see. */
const IDS_PER_BODY = 50
/** Coprime with any usual page size, so that successive lists ask for different lengths. */
const LIMIT_STRIDE = 7

/**
 * The `index`-th request of an operation. Ids and page lengths vary with the index, so that caches are
 * missed as well as hit.
 *
 * @param ids that are at hand, by the name of one: `concertId`
 */
export function instantiate(
  operation: Operation,
  ids: ReadonlyMap<string, readonly string[]>,
  index: number,
): ConcreteRequest {
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
