import { z } from 'zod'
import type { PublicService } from './public-services.ts'
import {
  bearer,
  bodyProblems,
  json,
  jsonBody,
  problem,
  retryAfterHeader,
  tokenProblems,
} from './responses.ts'
import { concertIdSchema, idSchema, pageQuerySchema, pageSchema, timestampSchema } from './values.ts'

/** An amount in the smallest unit of its currency (ISO 4217). */
export const moneySchema = z
  .object({
    amount: z.int().min(0),
    currency: z.string().regex(/^[A-Z]{3}$/, 'must be three capital letters'),
  })
  .meta({ id: 'Money' })

/** Most seats of one reservation. */
export const MAX_SEATS = 8

/** Header that makes a POST safe to repeat: same key and body, same answer; same key, other body, 422. */
export const IDEMPOTENCY_KEY_HEADER = 'idempotency-key'
const IDEMPOTENCY_KEY_RULE = 'must be 8 to 128 letters, digits, _ or -'
export const idempotencyKeySchema = z
  .string(IDEMPOTENCY_KEY_RULE)
  .regex(/^[A-Za-z0-9_-]{8,128}$/, IDEMPOTENCY_KEY_RULE)
  .meta({
    description: 'Chosen by the client, one a purpose: a UUID, say',
    example: 'f2b1c1de-7f0a-4a57-9f0c-1f3c1b6c0f55',
  })

/**
 * `held`: the seats are kept until `expiresAt`; `ordered`: an order pays or has paid for them; `released`: given back
 * by the visitor; `expired`: given back by time; `declined`: given back as the payment was declined.
 */
export const reservationStatusSchema = z
  .enum(['held', 'ordered', 'released', 'expired', 'declined'])
  .meta({ id: 'ReservationStatus' })

export const reservationRequestSchema = z
  .strictObject({
    concertId: concertIdSchema,
    seatIds: z
      .array(idSchema)
      .min(1)
      .max(MAX_SEATS)
      .refine((ids) => new Set(ids).size === ids.length, 'must not name a seat twice'),
  })
  .meta({ id: 'ReservationRequest' })
export type ReservationRequest = z.infer<typeof reservationRequestSchema>

export const reservationSchema = z
  .object({
    id: idSchema,
    concertId: concertIdSchema,
    seatIds: z.array(idSchema),
    status: reservationStatusSchema,
    total: moneySchema,
    createdAt: timestampSchema,
    expiresAt: timestampSchema,
  })
  .meta({ id: 'Reservation' })
export type Reservation = z.infer<typeof reservationSchema>

/**
 * `pending`: paid or not is not known yet, ask again; `confirmed`: paid, the tickets are on their way; `declined`: not
 * paid, the seats are free again.
 */
export const orderStatusSchema = z.enum(['pending', 'confirmed', 'declined']).meta({ id: 'OrderStatus' })

export const orderRequestSchema = z
  .strictObject({
    reservationId: idSchema,
    /** Stands for a card that the payment provider knows; card numbers never reach the box office. */
    paymentToken: z.string().regex(/^tok_[A-Za-z0-9_]{1,60}$/, 'must be a token of the payment provider'),
  })
  .meta({ id: 'OrderRequest' })
export type OrderRequest = z.infer<typeof orderRequestSchema>

export const orderSchema = z
  .object({
    id: idSchema,
    reservationId: idSchema,
    concertId: concertIdSchema,
    seatIds: z.array(idSchema),
    status: orderStatusSchema,
    total: moneySchema,
    createdAt: timestampSchema,
    confirmedAt: timestampSchema.nullable(),
  })
  .meta({ id: 'Order' })
export type Order = z.infer<typeof orderSchema>

export const orderPageSchema = pageSchema(orderSchema).meta({ id: 'OrderPage' })
export type OrderPage = z.infer<typeof orderPageSchema>

/** Reservations and orders as OpenAPI path items; gateway and booking publish the same ones. */

const reservationPath = z.object({ reservationId: idSchema })
const orderPath = z.object({ orderId: idSchema })
const idempotencyHeader = z.object({ [IDEMPOTENCY_KEY_HEADER]: idempotencyKeySchema })

const idempotencyProblems = {
  409: problem(
    'A request with this `Idempotency-Key` is still under way, or what is wanted cannot be had any more',
  ),
  422: problem('The `Idempotency-Key` was used before, for another request'),
}

const notFound = { 404: problem("There is none with this id, or it is somebody else's") }

/**
 * Time that an order gets, in milliseconds: a payment takes longer than a look at the catalog. Still less than the
 * 5 s after which the collector decides on a trace.
 */
const ORDER_TIMEOUT_MS = 4_500

/** Booking's part of the public API. */
export const booking = {
  name: 'booking',
  // A second attempt while the first one works on a payment would only be turned away.
  attemptTimeoutMs: ORDER_TIMEOUT_MS,
  operations: {
    '/reservations': {
      post: {
        operationId: 'createReservation',
        summary: 'Hold seats of a concert for a short while: all of them or none',
        security: bearer('orders:write'),
        requestParams: { header: idempotencyHeader },
        requestBody: jsonBody(reservationRequestSchema),
        responses: {
          201: json('The seats are held until `expiresAt`', reservationSchema),
          404: problem('There is no such concert, or it has no such seat'),
          ...idempotencyProblems,
          ...bodyProblems,
          ...tokenProblems,
        },
      },
    },
    '/reservations/{reservationId}': {
      get: {
        operationId: 'getReservation',
        summary: 'One reservation of the visitor',
        security: bearer('orders:read'),
        requestParams: { path: reservationPath },
        responses: { 200: json('The reservation', reservationSchema), ...notFound, ...tokenProblems },
      },
      delete: {
        operationId: 'releaseReservation',
        summary: 'Give the seats of a reservation back',
        security: bearer('orders:write'),
        requestParams: { path: reservationPath },
        responses: {
          204: { description: 'The seats are free, or were already' },
          409: problem('There is an order for it'),
          ...notFound,
          ...tokenProblems,
        },
      },
    },
    '/orders': {
      post: {
        operationId: 'createOrder',
        summary: 'Pay for a reservation',
        security: bearer('orders:write'),
        'x-timeout-ms': ORDER_TIMEOUT_MS,
        requestParams: { header: idempotencyHeader },
        requestBody: jsonBody(orderRequestSchema),
        responses: {
          201: json('Paid; the tickets are on their way', orderSchema),
          202: {
            ...json('Paid or not is not known yet: get the order, or repeat the request', orderSchema),
            headers: retryAfterHeader,
          },
          402: problem('The payment was declined, the seats are free again'),
          ...notFound,
          ...idempotencyProblems,
          ...bodyProblems,
          ...tokenProblems,
        },
      },
      get: {
        operationId: 'listOrders',
        summary: 'Orders of the visitor, newest first',
        security: bearer('orders:read'),
        requestParams: { query: pageQuerySchema },
        responses: { 200: json('A page of orders', orderPageSchema), ...tokenProblems },
      },
    },
    '/orders/{orderId}': {
      get: {
        operationId: 'getOrder',
        summary: 'One order of the visitor',
        security: bearer('orders:read'),
        requestParams: { path: orderPath },
        responses: { 200: json('The order', orderSchema), ...notFound, ...tokenProblems },
      },
    },
  },
} satisfies PublicService
