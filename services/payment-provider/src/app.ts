import { providerDocument } from '@faultline/contracts'
import {
  type AppTelemetry,
  createServiceApp,
  integer,
  listenConfig,
  listenVariables,
  loadConfig,
} from '@faultline/service-kit'
import type Koa from 'koa'
import { z } from 'zod'
import { createCharges } from './domain/charges.ts'
import type { FateSettings } from './domain/fate.ts'
import { createWorkers } from './domain/workers.ts'
import type { ChargeRepository } from './repositories/charges.ts'
import { asProblem, chargeRoutes } from './routes.ts'

const ratio = (description: string) =>
  z
    .string()
    .regex(/^(0(\.\d+)?|1(\.0+)?)$/, 'is not a number from 0 to 1')
    .transform(Number)
    .default(0)
    .meta({ description, example: '0.02' })

const schema = z.object({
  ...listenVariables({ port: 8086, adminPort: 9086 }),
  PROVIDER_API_KEY: z
    .string()
    .min(8, 'is shorter than 8 characters')
    .meta({ description: 'the key that the merchant sends', example: 'provider-development-key' }),
  SEED: z
    .string()
    .max(100, 'is longer than 100 characters')
    .default('1')
    .meta({ description: 'what every fate is drawn from', example: '1' }),
  LATENCY_MEDIAN_MS: integer('the median time of a request at a worker, in milliseconds', {
    minimum: 0,
    maximum: 60_000,
    default: 80,
  }),
  DECLINE_RATIO: ratio('the share of charges that are declined'),
  FAILURE_RATIO: ratio('the share of charges whose first request fails'),
  MAX_CONCURRENT: integer('the requests worked on at a time', { minimum: 1, maximum: 1_000, default: 6 }),
  MAX_QUEUED: integer('the requests that wait for a worker, at most', {
    minimum: 0,
    maximum: 100_000,
    default: 300,
  }),
  DATA_FILE: z.string().meta({
    description: 'the file that charges are kept in',
    example: '/var/lib/payment-provider/charges.sqlite',
  }),
})

/** @throws ConfigurationError naming every wrong variable */
export function loadProviderConfig() {
  const variables = loadConfig(schema)
  return {
    ...listenConfig(variables),
    apiKey: variables.PROVIDER_API_KEY,
    fate: {
      seed: variables.SEED,
      latencyMedianMs: variables.LATENCY_MEDIAN_MS,
      declineRatio: variables.DECLINE_RATIO,
      failureRatio: variables.FAILURE_RATIO,
    },
    maxConcurrent: variables.MAX_CONCURRENT,
    maxQueued: variables.MAX_QUEUED,
    dataFile: variables.DATA_FILE,
  }
}

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
