import { paymentsDocument } from '@faultline/contracts'
import {
  type AppTelemetry,
  createServiceApp,
  type Shedding,
  type TokenVerifier,
} from '@faultline/service-kit'
import type Koa from 'koa'
import type { Charges } from './domain/charges.ts'
import { chargeRoutes } from './routes/charges.ts'
import { asProblem } from './routes/problems.ts'

export interface AppDependencies {
  telemetry: AppTelemetry
  charges: Charges
  verifier: TokenVerifier
  shedding: Shedding
}

/** Payments' HTTP interface. */
export function createApp({ telemetry, charges, verifier, shedding }: AppDependencies): Koa {
  return createServiceApp({
    telemetry,
    document: paymentsDocument(),
    routes: [chargeRoutes(charges, verifier)],
    asProblem,
    shedding,
  })
}
