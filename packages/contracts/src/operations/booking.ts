/** Reservations and orders as OpenAPI path items; gateway and booking publish the same ones. */
import { z } from 'zod'
import {
  IDEMPOTENCY_KEY_HEADER,
  idempotencyKeySchema,
  orderPageSchema,
  orderRequestSchema,
  orderSchema,
  reservationRequestSchema,
  reservationSchema,
} from '../booking.ts'
import { idSchema } from '../identifiers.ts'
import { pageQuerySchema } from '../pagination.ts'
import type { PublicService } from '../public-services.ts'
import {
  bearer,
  bodyProblems,
  json,
  jsonBody,
  problem,
  retryAfterHeader,
  tokenProblems,
} from './responses.ts'

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
