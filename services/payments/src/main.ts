import { join } from 'node:path'
import { CHARGE_TOKEN_AUDIENCE, CHARGE_TOKEN_ISSUER, paymentsDocument } from '@faultline/contracts'
import {
  connectNats,
  createDatabase,
  createFlags,
  createHttpClient,
  createServiceApp,
  createTokenVerifier,
  createWorker,
  defineService,
  httpOrigins,
  jwksUrl,
  natsUrl,
} from '@faultline/service-kit'
import { z } from 'zod'
import { createCharges } from './domain/charges.ts'
import { createPaymentsMetrics } from './domain/metrics.ts'
import { createReconciliation } from './domain/reconciliation.ts'
import { createChargeRepository } from './repositories/charges.ts'
import { createProviderRepository, PROVIDER } from './repositories/provider.ts'
import { asProblem, chargeRoutes } from './routes.ts'

/** Connections for the looks of the background work. */
const QUIET_CONNECTIONS = 2

/**
 * Time limits of calls to the provider: five times its 99th percentile, and an attempt that leaves time for another
 * one before booking gives up.
 */
const PROVIDER_LIMITS = { timeoutMs: 2_000, attemptTimeoutMs: 1_000 }

export const payments = defineService({
  name: 'payments',
  port: 8085,
  variables: {
    NATS_URL: natsUrl(),
    PROVIDER_URL: httpOrigins('the origin of the payment provider', 'http://127.0.0.1:18086'),
    PROVIDER_API_KEY: z
      .string()
      .min(1, 'is empty')
      .meta({ description: "the provider's API key", example: 'provider-development-key' }),
    BOOKING_JWKS_URL: jwksUrl("booking's", 'http://127.0.0.1:18084/.well-known/jwks.json'),
  },
  migrations: join(import.meta.dirname, '../migrations'),
  peers: ({ PROVIDER_URL }) => ({ [PROVIDER]: PROVIDER_URL }),
  build({ config, telemetry, ...options }) {
    const { logger, register } = telemetry
    const checkStatement = 'SELECT FROM charges LIMIT 1'
    const database = createDatabase({ ...options.database, name: 'payments', checkStatement, telemetry })
    const quiet = createDatabase({
      ...options.database,
      name: 'payments background',
      checkStatement,
      maxConnections: QUIET_CONNECTIONS,
      telemetry: { logger, instrumentPool: (pool) => pool },
    })
    const nats = connectNats({ url: config.NATS_URL, name: 'payments', logger, register })
    const flags = createFlags({ nats, logger, register })
    const client = createHttpClient({
      dependency: PROVIDER,
      origins: config.PROVIDER_URL,
      register,
      ...PROVIDER_LIMITS,
      retryPolicy: () => flags.value('retry-policy'),
      breaker: () => flags.value('payment-circuit-breaker'),
    })
    const verifier = createTokenVerifier({
      issuers: [{ issuer: CHARGE_TOKEN_ISSUER, jwksUrl: config.BOOKING_JWKS_URL }],
      audience: CHARGE_TOKEN_AUDIENCE,
      register,
      logger,
    })
    const metrics = createPaymentsMetrics(register)
    const charges = createCharges({
      repository: createChargeRepository(database),
      provider: createProviderRepository(client, config.PROVIDER_API_KEY),
      metrics,
      logger,
    })
    const rounds = createReconciliation({ charges, quiet: createChargeRepository(quiet), metrics })
    const workers = [
      createWorker({ name: 'reconciliation', intervalMs: 500, round: rounds.reconcile, logger, register }),
      createWorker({ name: 'observation', intervalMs: 2_000, round: rounds.observe, logger, register }),
    ]
    return {
      app: createServiceApp({
        telemetry,
        document: paymentsDocument(),
        routes: [chargeRoutes(charges, verifier)],
        asProblem,
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
  },
})

if (import.meta.main) await payments.run()
