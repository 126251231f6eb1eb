import { randomBytes, randomUUID } from 'node:crypto'
import type { CreatedWebhook, OrderConfirmed, Webhook } from '@faultline/contracts'
import type { Deadline, Logger, MetricsRegistry } from '@faultline/service-kit'
import { Counter } from 'prom-client'
import type { WebhookRepository } from '../repositories/webhooks.ts'
import type { AddressGuard } from './address-guard.ts'
import { DELIVERY_OUTCOMES, type DeliveryOutcome, type WebhookClient } from './webhook-client.ts'

/** There is no webhook with this id that belongs to the caller. */
export class WebhookNotFoundError extends Error {
  override readonly name = 'WebhookNotFoundError'
  readonly id: string

  constructor(id: string) {
    super(`there is no webhook with the id ${id}`)
    this.id = id
  }
}

/** The organiser has as many webhooks as are allowed. */
export class TooManyWebhooksError extends Error {
  override readonly name = 'TooManyWebhooksError'

  constructor(limit: number) {
    super(`there are ${limit} webhooks already, which is the limit`)
  }
}

/** Some of the webhooks could not be told; the others were. */
export class WebhookDeliveryError extends Error {
  override readonly name = 'WebhookDeliveryError'

  constructor(failed: readonly string[]) {
    super(`${failed.length} webhooks could not be told: ${[...new Set(failed)].sort().join(', ')}`)
  }
}

export interface Webhooks {
  /**
   * @throws AddressRefusedError when the address is not public
   * @throws TooManyWebhooksError
   */
  register(ownerId: string, url: string, deadline: Deadline): Promise<CreatedWebhook>
  list(ownerId: string, deadline: Deadline): Promise<Webhook[]>
  /** @throws WebhookNotFoundError also for somebody else's */
  delete(id: string, ownerId: string, deadline: Deadline): Promise<void>
  /**
   * Tells every webhook that has not been told of the event.
   *
   * @throws WebhookDeliveryError when some could not be told; to be tried again
   */
  notify(event: OrderConfirmed, deadline: Deadline): Promise<void>
}

export interface WebhooksOptions {
  repository: WebhookRepository
  guard: AddressGuard
  client: WebhookClient
  logger: Logger
  register: MetricsRegistry
}

/** Webhooks of one organiser, at most. */
const LIMIT = 10

/** Standard Webhooks asks for 24 to 64 bytes. */
const SECRET_BYTES = 32

export function createWebhooks({ repository, guard, client, logger, register }: WebhooksOptions): Webhooks {
  const deliveries = new Counter({
    name: 'box_office_webhook_deliveries_total',
    help: 'Attempts to tell a webhook, by how they ended',
    labelNames: ['outcome'],
    registers: [register],
  })
  // A rate needs the series from the start.
  for (const outcome of DELIVERY_OUTCOMES) deliveries.inc({ outcome }, 0)

  async function tell(
    { id: webhookId, url, secret }: { id: string; url: string; secret: string },
    event: OrderConfirmed,
    deadline: Deadline,
  ): Promise<DeliveryOutcome> {
    const outcome = await client.deliver({
      url,
      secret,
      id: event.id,
      body: JSON.stringify(publicEvent(event)),
    })
    deliveries.inc({ outcome })
    if (outcome === 'address_refused') {
      logger.warn({ 'event.name': 'security.webhook_address_refused', webhookId }, 'webhook address refused')
    }
    // A refused address stays refused for this event: trying again would only help who moves it about.
    if (outcome === 'delivered' || outcome === 'address_refused') {
      await repository.settle(event.id, webhookId, outcome, deadline)
    }
    return outcome
  }

  return {
    async register(ownerId, url, deadline) {
      await deadline.race(guard.check(new URL(url)))
      const id = randomUUID()
      const secret = `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`
      const createdAt = await repository.insert({ id, ownerId, url, secret }, LIMIT, deadline)
      if (!createdAt) throw new TooManyWebhooksError(LIMIT)
      return { id, url, secret, createdAt: createdAt.toISOString() }
    },

    async list(ownerId, deadline) {
      const webhooks = await repository.list(ownerId, deadline)
      return webhooks.map(({ id, url, createdAt }) => ({ id, url, createdAt: createdAt.toISOString() }))
    },

    async delete(id, ownerId, deadline) {
      if (!(await repository.delete(id, ownerId, deadline))) throw new WebhookNotFoundError(id)
    },

    async notify(event, deadline) {
      const due = await repository.due(event.id, deadline)
      const outcomes = await Promise.all(due.map((webhook) => tell(webhook, event, deadline)))
      const failed = outcomes.filter((outcome) => outcome !== 'delivered' && outcome !== 'address_refused')
      if (failed.length > 0) throw new WebhookDeliveryError(failed)
    },
  }
}

/** What leaves the system: not who bought. */
function publicEvent({ id, type, occurredAt, order }: OrderConfirmed): unknown {
  const { id: orderId, concertId, seatIds, total, confirmedAt } = order
  return { id, type, timestamp: occurredAt, data: { orderId, concertId, seatIds, total, confirmedAt } }
}
