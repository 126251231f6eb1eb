import { bookingDocument } from '@faultline/contracts'
import {
  type AppTelemetry,
  createServiceApp,
  type ServiceTokens,
  type Shedding,
  type TokenVerifier,
} from '@faultline/service-kit'
import type Koa from 'koa'
import type { Orders } from './domain/orders.ts'
import type { Reservations } from './domain/reservations.ts'
import { keyRoutes } from './routes/keys.ts'
import { orderRoutes } from './routes/orders.ts'
import { asProblem } from './routes/problems.ts'
import { reservationRoutes } from './routes/reservations.ts'

export interface AppDependencies {
  telemetry: AppTelemetry
  reservations: Reservations
  orders: Orders
  /** Checks the tokens of users. */
  verifier: TokenVerifier
  /** Booking's own identity, whose keys are published. */
  tokens: Pick<ServiceTokens, 'jwks'>
  /** When requests are turned away; the defaults otherwise. */
  shedding: Shedding
}

/** Booking's HTTP interface. */
export function createApp(dependencies: AppDependencies): Koa {
  const { telemetry, reservations, orders, verifier, tokens, shedding } = dependencies
  return createServiceApp({
    telemetry,
    document: bookingDocument(),
    routes: [reservationRoutes(reservations, verifier), orderRoutes(orders, verifier), keyRoutes(tokens)],
    asProblem,
    shedding,
  })
}
