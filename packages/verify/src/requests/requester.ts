import pMap from 'p-map'
import { Agent, request } from 'undici'
import * as z from 'zod'
import { type ConcreteRequest, instantiate } from './instantiate.ts'
import { markRequest } from './mark.ts'
import { idsOf, openApiDocument, planRequests, type RequestPlan } from './plan.ts'

/** A request of verify's own and what became of it. */
export interface SentRequest {
  readonly traceId: string
  /** The caller's span, of which only the context exists. */
  readonly spanId: string
  readonly requestId: string
  readonly method: string
  readonly route: string
  /** Epoch ms. */
  readonly startMs: number
  /** HTTP status, or undefined without an answer. */
  readonly status: number | undefined
  /** Why there was no answer. */
  readonly error: string | undefined
}

export interface RequesterOptions {
  /** Base address of the gateway. */
  readonly gateway: string
  readonly marker: string
  readonly signal: AbortSignal
}

export interface Requester {
  readonly marker: string
  /** All so far, in order. */
  readonly sent: readonly SentRequest[]
  /**
   * Reads the gateway's OpenAPI document and the ids that its operations need, as far as they are not known
   * yet. True when all are; until then operations without ids are left out.
   */
  prepare(): Promise<boolean>
  /** Sends some requests, a few at a time, one operation after the other. */
  burst(count: number): Promise<void>
}

const REQUEST_TIMEOUT_MS = 10_000
/** Few enough to stay far below what load shedding lets through. */
const CONCURRENCY = 5
const OPENAPI = { method: 'GET', route: '/openapi.json', path: '/openapi.json', body: undefined } as const

const list = z.looseObject({ items: z.array(z.looseObject({ id: z.string() })) })

export function createRequester({ gateway, marker, signal }: RequesterOptions): Requester {
  const agent = new Agent({ connections: CONCURRENCY, connect: { timeout: 5_000 } })
  const sent: SentRequest[] = []
  const ids = new Map<string, readonly string[]>()
  let plan: RequestPlan | undefined
  let index = 0

  async function send(concrete: ConcreteRequest): Promise<unknown> {
    const mark = markRequest(marker, index++)
    const { method, route } = concrete
    const base = {
      traceId: mark.traceId,
      spanId: mark.spanId,
      requestId: mark.requestId,
      method,
      route,
      startMs: Date.now(),
    }
    try {
      const response = await request(new URL(concrete.path, gateway), {
        method,
        dispatcher: agent,
        signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
        headers: {
          ...mark.headers,
          ...(concrete.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: concrete.body ?? null,
      })
      const text = await response.body.text()
      sent.push({ ...base, status: response.statusCode, error: undefined })
      return response.statusCode === 200 ? JSON.parse(text) : undefined
    } catch (error) {
      signal.throwIfAborted()
      sent.push({ ...base, status: undefined, error: error instanceof Error ? error.message : String(error) })
      return undefined
    }
  }

  async function prepare(): Promise<boolean> {
    if (plan === undefined) {
      const document = openApiDocument.safeParse(await send(OPENAPI))
      if (!document.success) return false
      plan = planRequests(document.data)
    }
    const { operations, idSources } = plan
    await pMap(
      idSources.filter(({ name }) => !ids.has(name)),
      async ({ name, route }) => {
        const maxLimit = operations.find((one) => one.route === route)?.maxLimit
        const path = maxLimit === undefined ? route : `${route}?limit=${maxLimit}`
        const answer = list.safeParse(await send({ method: 'GET', route, path, body: undefined }))
        if (answer.success && answer.data.items.length > 0)
          ids.set(
            name,
            answer.data.items.map(({ id }) => id),
          )
      },
    )
    return idSources.every(({ name }) => ids.has(name))
  }

  async function burst(count: number): Promise<void> {
    const operations = plan?.operations.filter((one) => idsOf(one).every((name) => ids.has(name))) ?? []
    const requests = Array.from({ length: count }, (_, at) => {
      const nth = index + at
      const operation = operations[nth % Math.max(1, operations.length)]
      return operation === undefined
        ? OPENAPI
        : instantiate(operation, ids, Math.floor(nth / operations.length))
    })
    await pMap(requests, send, { concurrency: CONCURRENCY, signal })
  }

  return { marker, sent, prepare, burst }
}
