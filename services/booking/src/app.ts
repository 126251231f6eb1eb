import { bookingDocument } from '@faultline/contracts'
import {
  type AppTelemetry,
  createServiceApp,
  type Shedding,
  type SigningKeys,
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
  /** Keys of booking's own tokens, which are published. */
  keys: Pick<SigningKeys, 'keySet'>
  /** When requests are turned away; the defaults otherwise. */
  shedding: Shedding
}

/** Booking's HTTP interface. */
export function createApp(dependencies: AppDependencies): Koa {
  const { telemetry, reservations, orders, verifier, keys, shedding } = dependencies
  return createServiceApp({
    telemetry,
    document: bookingDocument(),
    routes: [reservationRoutes(reservations, verifier), orderRoutes(orders, verifier), keyRoutes(keys)],
    asProblem,
    shedding,
  })
}
