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
import { idSchema, timestampSchema } from './values.ts'

/** The ticket of an order: one PDF with a page and a QR code a seat. */
export const ticketSchema = z
  .object({ id: idSchema, orderId: idSchema, seatIds: z.array(idSchema), issuedAt: timestampSchema })
  .meta({ id: 'Ticket' })
export type Ticket = z.infer<typeof ticketSchema>

/** An organiser's wish to be told of confirmed orders. */
export const webhookRequestSchema = z
  .strictObject({ url: z.url({ protocol: /^https?$/, error: 'must be an HTTP URL' }).max(2_000) })
  .meta({ id: 'WebhookRequest' })

export const webhookSchema = z
  .object({ id: idSchema, url: z.string(), createdAt: timestampSchema })
  .meta({ id: 'Webhook' })
export type Webhook = z.infer<typeof webhookSchema>

/** The one answer that shows the secret by which bodies are signed (Standard Webhooks). */
export const createdWebhookSchema = webhookSchema
  .extend({ secret: z.string().meta({ description: 'Shown once', example: 'whsec_…' }) })
  .meta({ id: 'CreatedWebhook' })
export type CreatedWebhook = z.infer<typeof createdWebhookSchema>

export const webhookListSchema = z
  .object({ items: z.array(webhookSchema), nextCursor: z.null() })
  .meta({ id: 'WebhookList' })

/** Tickets and webhooks as OpenAPI path items; gateway and ticketing publish the same ones. */

const orderPath = z.object({ orderId: idSchema })
const webhookPath = z.object({ webhookId: idSchema })

const notReady = {
  404: {
    ...problem(
      'Not there yet, or never: `ticket-not-ready` until the paid order of this visitor has been rendered',
    ),
    headers: retryAfterHeader,
  },
}

/** Ticketing's part of the public API. */
export const ticketing = {
  name: 'ticketing',
  operations: {
    '/orders/{orderId}/ticket': {
      get: {
        operationId: 'getTicket',
        summary: 'The ticket of an order, once it is there',
        security: bearer('orders:read'),
        requestParams: { path: orderPath },
        responses: { 200: json('The ticket', ticketSchema), ...notReady, ...tokenProblems },
      },
    },
    '/orders/{orderId}/ticket.pdf': {
      get: {
        operationId: 'getTicketDocument',
        summary: 'The ticket to print: a page with a QR code for each seat',
        security: bearer('orders:read'),
        requestParams: { path: orderPath },
        responses: {
          200: {
            description: 'The document',
            content: { 'application/pdf': { schema: { type: 'string', format: 'binary' } } },
          },
          ...notReady,
          ...tokenProblems,
        },
      },
    },
    '/webhooks': {
      post: {
        operationId: 'createWebhook',
        summary: 'Be told of confirmed orders by signed requests (Standard Webhooks)',
        security: bearer('webhooks:manage'),
        requestBody: jsonBody(webhookRequestSchema),
        responses: {
          201: json('Registered; the secret is shown this once', createdWebhookSchema),
          409: problem('This organiser has as many webhooks as are allowed'),
          422: problem('The address is not public, or cannot be found'),
          ...bodyProblems,
          ...tokenProblems,
        },
      },
      get: {
        operationId: 'listWebhooks',
        summary: "The organiser's webhooks, oldest first",
        security: bearer('webhooks:manage'),
        responses: { 200: json('All of them', webhookListSchema), ...tokenProblems },
      },
    },
    '/webhooks/{webhookId}': {
      delete: {
        operationId: 'deleteWebhook',
        summary: 'Be told no longer',
        security: bearer('webhooks:manage'),
        requestParams: { path: webhookPath },
        responses: {
          204: { description: 'It is gone' },
          404: problem("There is none with this id, or it is somebody else's"),
          ...tokenProblems,
        },
      },
    },
  },
} satisfies PublicService
