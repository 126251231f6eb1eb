import { providerDocument } from '@faultline/contracts'
import {
  inputRejections,
  type Logger,
  type MetricsRegistry,
  problems,
  requestId,
} from '@faultline/service-kit'
import type { Telemetry } from '@faultline/telemetry'
import Router from '@koa/router'
import Koa from 'koa'
import { createCharges } from './domain/charges.ts'
import type { FateSettings } from './domain/fate.ts'
import { createProviderMetrics } from './domain/metrics.ts'
import { createWorkers } from './domain/workers.ts'
import type { ChargeRepository } from './repositories/charges.ts'
import { apiKey } from './routes/api-key.ts'
import { chargeRoutes } from './routes/charges.ts'
import { domainProblems } from './routes/problems.ts'

export interface AppDependencies {
  telemetry: Pick<Telemetry, 'middleware'> & { logger: Logger; register: MetricsRegistry }
  repository: ChargeRepository
  fate: FateSettings
  /** Requests worked on at a time; further ones wait, however many. */
  maxConcurrent: number
  apiKey: string
}

/** The provider's API. It sheds no load and keeps no deadline: third parties do not know ours. */
export function createApp(dependencies: AppDependencies): Koa {
  const { telemetry, repository, fate, maxConcurrent } = dependencies
  const { logger, register } = telemetry
  const metrics = createProviderMetrics(register)
  const workers = createWorkers({ maxConcurrent, register })
  const document = JSON.stringify(providerDocument())

  const open = new Router()
  open.get('/openapi.json', (ctx) => {
    ctx.type = 'application/json'
    ctx.body = document
  })
  const charges = chargeRoutes(createCharges({ repository, fate, workers, metrics }))

  const app = new Koa()
  // What goes wrong after the problems middleware: a client that leaves, or an answer that cannot be sent.
  app.on('error', (error) => logger.warn({ err: error }, 'request broke off'))
  app.use(telemetry.middleware())
  app.use(requestId())
  app.use(problems({ logger, onProblem: inputRejections({ logger, register }) }))
  app.use(domainProblems())
  app.use(open.routes())
  app.use(apiKey(dependencies.apiKey))
  app.use(charges.routes())
  app.use(charges.allowedMethods())
  return app
}
