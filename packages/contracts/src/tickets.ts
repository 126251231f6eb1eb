import { z } from 'zod'
import { idSchema } from './identifiers.ts'
import { timestampSchema } from './text.ts'

/** The ticket of an order: one PDF with a page and a QR code a seat. */
export const ticketSchema = z
  .object({ id: idSchema, orderId: idSchema, seatIds: z.array(idSchema), issuedAt: timestampSchema })
  .meta({ id: 'Ticket' })
export type Ticket = z.infer<typeof ticketSchema>

/** An organiser's wish to be told of confirmed orders. */
export const webhookRequestSchema = z
  .strictObject({ url: z.url({ protocol: /^https?$/, error: 'must be an HTTP URL' }).max(2_000) })
  .meta({ id: 'WebhookRequest' })
export type WebhookRequest = z.infer<typeof webhookRequestSchema>

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
