import { TICKET_RENDERER, WEBHOOK_SENDER } from '@faultline/contracts'
import type { Tickets } from '../domain/tickets.ts'
import type { Webhooks } from '../domain/webhooks.ts'
import type { ConsumerDefinition, DeliveryPolicy } from './handle-message.ts'

export interface DeliveryPolicies {
  renderer: DeliveryPolicy
  sender: DeliveryPolicy
}

/**
 * A ticket is wanted within seconds, so its tries come soon and end within minutes; a webhook's receiver may be away
 * for a while.
 */
export const deliveryDefaults: DeliveryPolicies = {
  renderer: {
    ackWaitMs: 5_000,
    backoffMs: [500, 1_000, 2_000, 5_000, 10_000, 30_000],
    maxDeliveries: 12,
    concurrency: 4,
    timeoutMs: 10_000,
  },
  sender: {
    ackWaitMs: 5_000,
    backoffMs: [1_000, 5_000, 15_000, 30_000],
    maxDeliveries: 6,
    concurrency: 8,
    timeoutMs: 10_000,
  },
}

export function consumerDefinitions(
  { tickets, webhooks }: { tickets: Tickets; webhooks: Webhooks },
  policies: DeliveryPolicies,
): ConsumerDefinition[] {
  return [
    {
      name: TICKET_RENDERER,
      policy: policies.renderer,
      handle: (event, deadline) => tickets.issue(event, deadline),
    },
    {
      name: WEBHOOK_SENDER,
      policy: policies.sender,
      handle: (event, deadline) => webhooks.notify(event, deadline),
    },
  ]
}
