/** Tickets and webhooks as OpenAPI path items; gateway and ticketing publish the same ones. */
import { z } from 'zod'
import { idSchema } from '../identifiers.ts'
import type { PublicService } from '../public-services.ts'
import { createdWebhookSchema, ticketSchema, webhookListSchema, webhookRequestSchema } from '../tickets.ts'
import {
  bearer,
  bodyProblems,
  json,
  jsonBody,
  problem,
  retryAfterHeader,
  tokenProblems,
} from './responses.ts'

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
