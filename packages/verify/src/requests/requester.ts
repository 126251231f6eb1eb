import pMap from 'p-map'
import { Agent, request } from 'undici'
import * as z from 'zod'
import { type OrderJourney, takeOrder } from '../order/take-order.ts'
import { type ConcreteRequest, instantiate } from './instantiate.ts'
import { markRequest } from './mark.ts'
import { idsOf, type Operation, openApiDocument, planRequests, type RequestPlan } from './plan.ts'

/** A request of verify's own and what became of it. */
export interface SentRequest {
  readonly traceId: string
  /** The caller's span, of which only the context exists. */
  readonly spanId: string
  readonly requestId: string
  readonly method: string
  readonly route: string
  /** `read` changes nothing; `order` is a step of verify's own order. */
  readonly purpose: 'read' | 'order'
  /** Epoch ms. */
  readonly startMs: number
  /** HTTP status, or undefined without an answer. */
  readonly status: number | undefined
  /** Why there was no answer. */
  readonly error: string | undefined
}

/** A request and the JSON of its answer. */
export interface AnsweredRequest extends SentRequest {
  readonly body: unknown
}

/** Who verify signs in as. */
export interface Credentials {
  readonly username: string
  readonly password: string
}

export interface RequesterOptions {
  /** Base address of the gateway. */
  readonly gateway: string
  readonly marker: string
  readonly credentials: Credentials
  readonly signal: AbortSignal
}

export interface Requester {
  readonly marker: string
  /** All so far, in order. */
  readonly sent: readonly SentRequest[]
  /** Orders so far, whether they came to their ticket or not. */
  readonly orders: readonly OrderJourney[]
  /** Whether the gateway's API sells; undefined while it is not known. */
  readonly sells: boolean | undefined
  /** Operations that its document lacks to buy something, though it sells. */
  readonly missingOperations: readonly string[]
  /**
   * Reads the gateway's OpenAPI document, takes an order where it sells, and reads the ids that its operations need,
   * as far as all that is not done yet. True when it is; until then operations without ids are left out.
   */
  prepare(): Promise<boolean>
  /** Signs in where need be and buys a seat. */
  takeOrder(): Promise<void>
  /** Sends some requests, a few at a time, one operation after the other. */
  burst(count: number): Promise<void>
}

const REQUEST_TIMEOUT_MS = 10_000
/** Few enough to stay far below what load shedding lets through. */
const CONCURRENCY = 5
/** Tries of a first order before the rest goes on without one. */
const MAX_FIRST_ORDERS = 2
const OPENAPI = { method: 'GET', route: '/openapi.json', path: '/openapi.json', body: undefined } as const

const list = z.looseObject({ items: z.array(z.looseObject({ id: z.string() })) })

export function createRequester({ gateway, marker, credentials, signal }: RequesterOptions): Requester {
  const agent = new Agent({ connections: CONCURRENCY, connect: { timeout: 5_000 } })
  const sent: SentRequest[] = []
  const orders: OrderJourney[] = []
  const ids = new Map<string, readonly string[]>()
  let plan: RequestPlan | undefined
  let token: string | undefined
  let granted: ReadonlySet<string> = new Set()
  let index = 0

  async function send(
    concrete: ConcreteRequest,
    purpose: SentRequest['purpose'] = 'read',
  ): Promise<AnsweredRequest> {
    const mark = markRequest(marker, index++)
    const { method, route } = concrete
    const base = {
      traceId: mark.traceId,
      spanId: mark.spanId,
      requestId: mark.requestId,
      method,
      route,
      purpose,
      startMs: Date.now(),
    }
    const note = (outcome: Pick<AnsweredRequest, 'status' | 'error' | 'body'>): AnsweredRequest => {
      const { body, ...rest } = { ...base, ...outcome }
      sent.push(rest)
      return { ...rest, body }
    }
    try {
      const response = await request(new URL(concrete.path, gateway), {
        method,
        dispatcher: agent,
        signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
        headers: {
          ...mark.headers,
          ...(concrete.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(concrete.signedIn && token !== undefined ? { authorization: `Bearer ${token}` } : {}),
          ...concrete.headers,
        },
        body: concrete.body ?? null,
      })
      const text = await response.body.text()
      const isJson = /\bjson\b/.test(String(response.headers['content-type']))
      return note({
        status: response.statusCode,
        error: undefined,
        body: isJson ? JSON.parse(text) : undefined,
      })
    } catch (error) {
      signal.throwIfAborted()
      const message = error instanceof Error ? error.message : String(error)
      return note({ status: undefined, error: message, body: undefined })
    }
  }

  async function order(): Promise<void> {
    if (plan?.orderRoutes === undefined) return
    const journey = await takeOrder({
      routes: plan.orderRoutes,
      credentials,
      marker: `${marker}-${orders.length}`,
      signal,
      session: token,
      signedIn: (session) => {
        token = session.accessToken
        granted = new Set(session.scope.split(' '))
      },
      send: (concrete) => send(concrete, 'order'),
    })
    orders.push(journey)
    if (journey.orderId === undefined || journey.reservationId === undefined || journey.broken) return
    ids.set('orderId', [...(ids.get('orderId') ?? []), journey.orderId])
    ids.set('reservationId', [...(ids.get('reservationId') ?? []), journey.reservationId])
  }

  async function prepare(): Promise<boolean> {
    if (plan === undefined) {
      const document = openApiDocument.safeParse((await send(OPENAPI)).body)
      if (!document.success) return false
      plan = planRequests(document.data)
    }
    const { operations, idSources, orderRoutes } = plan
    if (orderRoutes !== undefined && !ids.has('orderId') && orders.length < MAX_FIRST_ORDERS) await order()
    await pMap(
      idSources.filter(({ name }) => !ids.has(name)),
      async ({ name, route }) => {
        const maxLimit = operations.find((one) => one.route === route)?.maxLimit
        const path = maxLimit === undefined ? route : `${route}?limit=${maxLimit}`
        const answer = list.safeParse((await send({ method: 'GET', route, path, body: undefined })).body)
        if (answer.success && answer.data.items.length > 0)
          ids.set(
            name,
            answer.data.items.map(({ id }) => id),
          )
      },
    )
    const ordered = orderRoutes === undefined || ids.has('orderId') || orders.length >= MAX_FIRST_ORDERS
    return ordered && idSources.every(({ name }) => ids.has(name))
  }

  const allowed = ({ scopes }: Operation): boolean =>
    scopes === undefined || (token !== undefined && scopes.every((scope) => granted.has(scope)))

  async function burst(count: number): Promise<void> {
    const operations =
      plan?.operations.filter((one) => allowed(one) && idsOf(one).every((name) => ids.has(name))) ?? []
    const requests = Array.from({ length: count }, (_, at) => {
      const nth = index + at
      const operation = operations[nth % Math.max(1, operations.length)]
      return operation === undefined
        ? OPENAPI
        : instantiate(operation, ids, Math.floor(nth / operations.length))
    })
    await pMap(requests, (one) => send(one), { concurrency: CONCURRENCY, signal })
  }

  return {
    marker,
    sent,
    orders,
    get sells() {
      return plan && (plan.orderRoutes !== undefined || plan.missingOperations.length > 0)
    },
    get missingOperations() {
      return plan?.missingOperations ?? []
    },
    prepare,
    takeOrder: order,
    burst,
  }
}
