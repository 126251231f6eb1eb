import { CHARGE_TOKEN_AUDIENCE, CHARGE_TOKEN_ISSUER } from '@faultline/contracts'
import {
  connectNats,
  createDatabase,
  createFlags,
  createHttpClient,
  createTokenVerifier,
  createWorker,
  type DatabaseOptions,
  type RunnableService,
} from '@faultline/service-kit'
import type { Telemetry } from '@faultline/telemetry'
import { createApp } from './app.ts'
import { createCharges } from './domain/charges.ts'
import { createPaymentsMetrics } from './domain/metrics.ts'
import { createReconciliation } from './domain/reconciliation.ts'
import { createChargeRepository } from './repositories/charges.ts'
import { createProviderRepository, PROVIDER } from './repositories/provider.ts'

export interface PaymentsOptions extends Omit<DatabaseOptions, 'telemetry' | 'name' | 'checkStatement'> {
  telemetry: Pick<Telemetry, 'logger' | 'register' | 'middleware' | 'instrumentPool'>
  natsUrl: string
  providerOrigins: readonly string[]
  providerApiKey: string
  bookingJwksUrl: string
}

/** Connections for the looks of the background work. */
const QUIET_CONNECTIONS = 2

/**
 * Time limits of calls to the provider: five times its 99th percentile, and an attempt that leaves time for another
 * one before booking gives up.
 */
const PROVIDER_LIMITS = { timeoutMs: 2_000, attemptTimeoutMs: 1_000 }

/** Payments, put together; it does not listen yet. */
export function createPayments(options: PaymentsOptions): RunnableService {
  const { telemetry, natsUrl, providerOrigins, providerApiKey, bookingJwksUrl } = options
  const { logger, register } = telemetry
  const checkStatement = 'SELECT FROM charges LIMIT 1'
  const database = createDatabase({ ...options, name: 'payments', checkStatement })
  const quiet = createDatabase({
    ...options,
    name: 'payments background',
    checkStatement,
    maxConnections: QUIET_CONNECTIONS,
    telemetry: { logger, instrumentPool: (pool) => pool },
  })
  const nats = connectNats({ url: natsUrl, name: 'payments', logger, register })
  const flags = createFlags({ nats, logger, register })
  const client = createHttpClient({
    dependency: PROVIDER,
    origins: providerOrigins,
    register,
    ...PROVIDER_LIMITS,
    retryPolicy: () => flags.value('retry-policy'),
    breaker: () => flags.value('payment-circuit-breaker'),
  })
  const verifier = createTokenVerifier({
    issuers: [{ issuer: CHARGE_TOKEN_ISSUER, jwksUrl: bookingJwksUrl }],
    audience: CHARGE_TOKEN_AUDIENCE,
    register,
    logger,
  })
  const metrics = createPaymentsMetrics(register)
  const charges = createCharges({
    repository: createChargeRepository(database),
    provider: createProviderRepository(client, providerApiKey),
    metrics,
    logger,
  })
  const rounds = createReconciliation({ charges, quiet: createChargeRepository(quiet), metrics })
  const workers = [
    createWorker({ name: 'reconciliation', intervalMs: 500, round: rounds.reconcile, logger, register }),
    createWorker({ name: 'observation', intervalMs: 2_000, round: rounds.observe, logger, register }),
  ]

  return {
    app: createApp({
      telemetry,
      charges,
      verifier,
      shedding: { isOn: () => flags.value('load-shedding') },
    }),
    checks: { database: () => database.check() },
    observed: { nats: () => nats.check() },
    start() {
      for (const worker of workers) worker.start()
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.stop()))
      flags.stop()
      await nats.close()
      await client.close()
      await Promise.all([database.close(), quiet.close()])
    },
  }
}
