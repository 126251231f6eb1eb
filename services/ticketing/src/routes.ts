import { idSchema, webhookRequestSchema } from '@faultline/contracts'
import {
  type AuthenticatedState,
  authenticated,
  type Deadline,
  ProblemError,
  readJsonBody,
  resourceNotFound,
  type TokenVerifier,
  validate,
} from '@faultline/service-kit'
import Router from '@koa/router'
import { AddressRefusedError } from './domain/address-guard.ts'
import { TicketNotReadyError, type Tickets } from './domain/tickets.ts'
import { TooManyWebhooksError, WebhookNotFoundError, type Webhooks } from './domain/webhooks.ts'

/** What the middleware before the routes leaves in `ctx.state`. */
export interface State extends AuthenticatedState {
  requestId: string
  deadline: Deadline
}

export function ticketRoutes(tickets: Tickets, verifier: TokenVerifier): Router<State> {
  const router = new Router<State>()
  const canRead = authenticated(verifier, 'orders:read')

  router.get('/orders/:orderId/ticket', canRead, async (ctx) => {
    const orderId = validate(idSchema, ctx.params.orderId, 'path', 'orderId').toLowerCase()
    ctx.body = await tickets.get(orderId, ctx.state.principal.subject, ctx.state.deadline)
  })

  router.get('/orders/:orderId/ticket.pdf', canRead, async (ctx) => {
    const orderId = validate(idSchema, ctx.params.orderId, 'path', 'orderId').toLowerCase()
    ctx.body = await tickets.getDocument(orderId, ctx.state.principal.subject, ctx.state.deadline)
    ctx.type = 'application/pdf'
    ctx.set('content-disposition', 'attachment; filename="ticket.pdf"')
    ctx.set('x-content-type-options', 'nosniff')
    ctx.set('cache-control', 'private, no-store')
  })

  return router
}

export function webhookRoutes(webhooks: Webhooks, verifier: TokenVerifier): Router<State> {
  const router = new Router<State>()
  const canManage = authenticated(verifier, 'webhooks:manage')

  router.post('/webhooks', canManage, async (ctx) => {
    const { url } = validate(webhookRequestSchema, await readJsonBody(ctx), 'body')
    ctx.body = await webhooks.register(ctx.state.principal.subject, url, ctx.state.deadline)
    ctx.status = 201
    ctx.set('cache-control', 'no-store')
  })

  router.get('/webhooks', canManage, async (ctx) => {
    const items = await webhooks.list(ctx.state.principal.subject, ctx.state.deadline)
    ctx.body = { items, nextCursor: null }
  })

  router.delete('/webhooks/:webhookId', canManage, async (ctx) => {
    const id = validate(idSchema, ctx.params.webhookId, 'path', 'webhookId').toLowerCase()
    await webhooks.delete(id, ctx.state.principal.subject, ctx.state.deadline)
    ctx.status = 204
  })

  return router
}

/** Says in HTTP what the domain says in errors of its own. */
export function asProblem(error: unknown): unknown {
  if (error instanceof TicketNotReadyError) return ticketNotReady(error.message)
  if (error instanceof WebhookNotFoundError) return resourceNotFound('webhook', error.id)
  if (error instanceof TooManyWebhooksError) return tooManyWebhooks(error.message)
  if (error instanceof AddressRefusedError) return addressRefused(error)
  if (isUnknownHost(error)) return addressRefused(error)
  return error
}

function ticketNotReady(detail: string): ProblemError {
  return new ProblemError({
    status: 404,
    type: 'ticket-not-ready',
    title: 'There is no ticket yet',
    detail: `${detail}; ask again if the order is confirmed`,
    headers: { 'retry-after': '1' },
  })
}

function tooManyWebhooks(detail: string): ProblemError {
  return new ProblemError({
    status: 409,
    type: 'too-many-webhooks',
    title: 'There are too many webhooks',
    detail: `${detail}; delete one first`,
  })
}

/** One answer for a private address and for a name that leads nowhere, which would tell of the names inside. */
function addressRefused(cause: unknown): ProblemError {
  return new ProblemError({
    status: 422,
    type: 'webhook-address-refused',
    title: 'The address cannot be used',
    detail: 'the host of the URL must be found at a public address',
    errors: [{ location: 'body', pointer: '/url', detail: 'is not at a public address' }],
    cause,
  })
}

function isUnknownHost(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'getaddrinfo'
}
