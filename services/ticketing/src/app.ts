import { ticketingDocument } from '@faultline/contracts'
import {
  type AppTelemetry,
  createServiceApp,
  type Shedding,
  type TokenVerifier,
} from '@faultline/service-kit'
import type Koa from 'koa'
import type { Tickets } from './domain/tickets.ts'
import type { Webhooks } from './domain/webhooks.ts'
import { asProblem } from './routes/problems.ts'
import { ticketRoutes } from './routes/tickets.ts'
import { webhookRoutes } from './routes/webhooks.ts'

export interface AppDependencies {
  telemetry: AppTelemetry
  verifier: TokenVerifier
  tickets: Tickets
  webhooks: Webhooks
  /** When requests are turned away; the defaults otherwise. */
  shedding: Shedding
}

/** Ticketing's HTTP interface. */
export function createApp({ telemetry, verifier, tickets, webhooks, shedding }: AppDependencies): Koa {
  return createServiceApp({
    telemetry,
    document: ticketingDocument(),
    routes: [ticketRoutes(tickets, verifier), webhookRoutes(webhooks, verifier)],
    asProblem,
    shedding,
  })
}
