import { z } from 'zod'
import { moneySchema } from './booking.ts'
import { concertIdSchema, idSchema, timestampSchema } from './values.ts'

/** JetStream stream of the order events, and the subject of the one that there is. */
export const ORDERS_STREAM = 'ORDERS'
export const ORDER_CONFIRMED_SUBJECT = 'orders.confirmed'

/** The stream as its publisher and its consumers ensure it, whoever starts first. */
export const ordersStream = {
  name: ORDERS_STREAM,
  subjects: ['orders.>'],
  description: 'What became of orders',
  maxAgeMs: 7 * 86_400_000,
  maxBytes: 512 * 1_024 * 1_024,
  // A relay that died between the broker's acknowledgement and its own note publishes again within this time;
  // past it the consumers notice by the event's id.
  duplicateWindowMs: 10 * 60_000,
} as const

/** Durable consumers of the order events: each gets every event, at least once. */
export const TICKET_RENDERER = 'ticket-renderer'
export const WEBHOOK_SENDER = 'webhook-sender'

/** Stream of what a consumer gave up, subject `dead-letters.<consumer>`. */
export const DEAD_LETTERS_STREAM = 'DEAD_LETTERS'
export const deadLetterSubject = (consumer: string): string => `dead-letters.${consumer}`

/** The stream as whoever gives up, and whoever replays, ensures it. */
export const deadLettersStream = {
  name: DEAD_LETTERS_STREAM,
  subjects: [deadLetterSubject('>')],
  description: 'Messages that a consumer gave up, with the reason in their headers',
  maxAgeMs: 30 * 86_400_000,
  maxBytes: 128 * 1_024 * 1_024,
  duplicateWindowMs: 10 * 60_000,
} as const

/** Why and whence a message is in {@link DEAD_LETTERS_STREAM}: names of its headers, beside those it had. */
export const deadLetterHeaders = {
  /** Short code, one of a few. */
  reason: 'Dead-Letter-Reason',
  /** Message of the last error. */
  error: 'Dead-Letter-Error',
  consumer: 'Dead-Letter-Consumer',
  /** Place in the stream that it came from. */
  sequence: 'Dead-Letter-Sequence',
  /** How often it was delivered. */
  deliveries: 'Dead-Letter-Deliveries',
  /** RFC 3339. */
  time: 'Dead-Letter-Time',
} as const

/** Subject of {@link ORDERS_STREAM} by which one consumer alone gets a message again. */
export const replaySubject = (consumer: string): string => `orders.replay.${consumer}`

/**
 * An order is paid. Published from booking's outbox with `Nats-Msg-Id` = `id`; headers carry `traceparent`,
 * `tracestate` and `baggage`. Consumers are idempotent by `id`.
 */
export const orderConfirmedSchema = z
  .object({
    id: idSchema,
    type: z.literal('order.confirmed'),
    occurredAt: timestampSchema,
    order: z.object({
      id: idSchema,
      userId: idSchema,
      concertId: concertIdSchema,
      seatIds: z.array(idSchema),
      total: moneySchema,
      confirmedAt: timestampSchema,
    }),
  })
  .meta({ id: 'OrderConfirmed' })
export type OrderConfirmed = z.infer<typeof orderConfirmedSchema>
