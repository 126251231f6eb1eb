import { providerDocument } from '@faultline/contracts'
import { type AppTelemetry, createServiceApp } from '@faultline/service-kit'
import type Koa from 'koa'
import { createCharges } from './domain/charges.ts'
import type { FateSettings } from './domain/fate.ts'
import { createWorkers } from './domain/workers.ts'
import type { ChargeRepository } from './repositories/charges.ts'
import { asProblem, chargeRoutes } from './routes.ts'

export interface AppDependencies {
  telemetry: AppTelemetry
  repository: ChargeRepository
  fate: FateSettings
  /** Requests worked on at a time; further ones wait. */
  maxConcurrent: number
  /** Requests that wait, at most. */
  maxQueued: number
  apiKey: string
}

/** The provider's API. It sheds load late and keeps no deadline: third parties do not know ours. */
export function createApp(dependencies: AppDependencies): Koa {
  const { telemetry, repository, fate, maxConcurrent, maxQueued } = dependencies
  const { register } = telemetry
  const workers = createWorkers({ maxConcurrent, maxQueued, register })
  const charges = createCharges({ repository, fate, workers, register })
  return createServiceApp({
    telemetry,
    document: providerDocument(),
    routes: [chargeRoutes(charges, dependencies.apiKey)],
    asProblem,
    shedding: false,
    deadline: false,
  })
}
