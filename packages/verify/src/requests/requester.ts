import pMap from 'p-map'
import * as z from 'zod'
import {
  idsOf,
  instantiate,
  type Operation,
  openApiDocument,
  planRequests,
  type RequestPlan,
} from './plan.ts'
import { CONCURRENCY, type ConcreteRequest, Sender, type SentRequest } from './sender.ts'
import { type Credentials, type OrderJourney, takeOrder } from './take-order.ts'

/** Tries of a first order before the rest goes on without one. */
const MAX_FIRST_ORDERS = 2
const OPENAPI: ConcreteRequest = { method: 'GET', route: '/openapi.json', path: '/openapi.json' }

const list = z.looseObject({ items: z.array(z.looseObject({ id: z.string() })) })

/** Sends the requests that the gateway's own API description allows, and orders. */
export class Requester {
  /** What the gateway's API allows; undefined while it is not known. */
  plan: RequestPlan | undefined
  /** Orders so far, whether they came to their ticket or not. */
  readonly orders: OrderJourney[] = []
  readonly #ids = new Map<string, readonly string[]>()
  readonly #sender: Sender
  readonly #credentials: Credentials
  readonly #signal: AbortSignal

  constructor(gateway: string, credentials: Credentials, signal: AbortSignal) {
    this.#sender = new Sender(gateway, signal)
    this.#credentials = credentials
    this.#signal = signal
  }

  get marker(): string {
    return this.#sender.marker
  }

  /** All so far, in order. */
  get sent(): readonly SentRequest[] {
    return this.#sender.sent
  }

  /**
   * Reads the gateway's OpenAPI document, takes an order where it sells, and reads the ids that its operations need,
   * as far as all that is not done yet. True when it is; until then operations without ids are left out.
   */
  async prepare(): Promise<boolean> {
    if (this.plan === undefined) {
      const document = openApiDocument.safeParse((await this.#sender.send(OPENAPI)).body)
      if (!document.success) return false
      this.plan = planRequests(document.data)
    }
    const { operations, idSources, orderRoutes } = this.plan
    const ordered = () =>
      orderRoutes === undefined || this.#ids.has('orderId') || this.orders.length >= MAX_FIRST_ORDERS
    if (!ordered()) await this.takeOrder()
    await pMap(
      idSources.filter(({ name }) => !this.#ids.has(name)),
      async ({ name, route }) => {
        const maxLimit = operations.find((one) => one.route === route)?.maxLimit
        const path = maxLimit === undefined ? route : `${route}?limit=${maxLimit}`
        const answer = list.safeParse((await this.#sender.send({ method: 'GET', route, path })).body)
        const ids = answer.data?.items.map(({ id }) => id) ?? []
        if (ids.length > 0) this.#ids.set(name, ids)
      },
    )
    return ordered() && idSources.every(({ name }) => this.#ids.has(name))
  }

  /** Signs in where need be and buys a seat. */
  async takeOrder(): Promise<void> {
    if (this.plan?.orderRoutes === undefined) return
    const journey = await takeOrder({
      sender: this.#sender,
      routes: this.plan.orderRoutes,
      credentials: this.#credentials,
      key: `${this.marker}-${this.orders.length}`,
      signal: this.#signal,
    })
    this.orders.push(journey)
    const { orderId, reservationId, broken } = journey
    if (broken === undefined && orderId !== undefined && reservationId !== undefined) {
      for (const [name, id] of Object.entries({ orderId, reservationId })) {
        this.#ids.set(name, [...(this.#ids.get(name) ?? []), id])
      }
    }
  }

  /** Sends some requests, a few at a time, one operation after the other. */
  async burst(count: number): Promise<void> {
    const operations = (this.plan?.operations ?? []).filter((one) => this.#canSend(one))
    const requests = Array.from({ length: count }, (_, at) => {
      const nth = this.#sender.begun + at
      const operation = operations[nth % operations.length]
      return operation === undefined
        ? OPENAPI
        : instantiate(operation, this.#ids, Math.floor(nth / operations.length))
    })
    await pMap(requests, (one) => this.#sender.send(one), {
      concurrency: CONCURRENCY,
      signal: this.#signal,
    })
  }

  #canSend(operation: Operation): boolean {
    const { session } = this.#sender
    const { scopes } = operation
    const isAllowed =
      scopes === undefined || (session !== undefined && scopes.every((one) => session.scopes.has(one)))
    return isAllowed && idsOf(operation).every((name) => this.#ids.has(name))
  }
}
