import {
  bookingDocument,
  CHARGE_TOKEN_AUDIENCE,
  CHARGE_TOKEN_ISSUER,
  CHARGE_TOKEN_SCOPE,
  USER_TOKEN_AUDIENCE,
  USER_TOKEN_ISSUER,
} from '@faultline/contracts'
import {
  connectNats,
  createDatabase,
  createFlags,
  createHttpClient,
  createServiceApp,
  createServiceTokens,
  createStoredSigningKeys,
  createTokenVerifier,
  createWorker,
  type DatabaseOptions,
  type RunnableService,
  type Shedding,
  type SigningKeysConfig,
  serviceTokensDefaults,
  type Worker,
  watchRevocations,
} from '@faultline/service-kit'
import type { Telemetry } from '@faultline/telemetry'
import { createEventPublisher } from './clients/broker.ts'
import { createPaymentsClient, PAYMENTS } from './clients/payments.ts'
import { createBackground } from './domain/background.ts'
import { createIdempotency } from './domain/idempotency.ts'
import { createBookingMetrics } from './domain/metrics.ts'
import { createOrders } from './domain/orders.ts'
import { createOrderPayment } from './domain/payment.ts'
import { createReservations } from './domain/reservations.ts'
import { asProblem, bookingRoutes } from './routes.ts'

export interface BookingOptions
  extends Omit<DatabaseOptions, 'telemetry' | 'name' | 'checkStatement'>,
    SigningKeysConfig {
  telemetry: Pick<Telemetry, 'logger' | 'register' | 'middleware' | 'instrumentPool' | 'messaging'>
  natsUrl: string
  paymentsUrls: readonly string[]
  gatewayJwksUrl: string
  /** How long seats are held for a visitor who does not pay, in seconds. */
  holdSeconds: number
  shedding?: Partial<Shedding>
}

/** Connections for looks that mostly find nothing, beside those for work. */
const QUIET_CONNECTIONS = 2

/** How often this process looks for keys that others have made, in milliseconds. */
const KEYS_EVERY_MS = 1_000

/** How long a token towards payments is alive; the margin is for clocks that are apart. */
export const CHARGE_TOKEN_LIFE_MS = (serviceTokensDefaults.lifetimeSeconds + 10) * 1_000

/** One replica of booking, put together; it does not listen yet. */
export function createBooking(options: BookingOptions): RunnableService {
  const { telemetry, natsUrl, paymentsUrls, gatewayJwksUrl, holdSeconds } = options
  const { logger, register } = telemetry
  const checkStatement = 'SELECT FROM orders LIMIT 1'
  const database = createDatabase({ ...options, name: 'booking', checkStatement })
  const quiet = createDatabase({
    ...options,
    name: 'booking background',
    checkStatement,
    maxConnections: QUIET_CONNECTIONS,
    telemetry: { logger, instrumentPool: (pool) => pool },
  })
  const nats = connectNats({ url: natsUrl, name: 'booking', logger, register })
  const revocations = watchRevocations({ nats, logger })
  const verifier = createTokenVerifier({
    issuers: [{ issuer: USER_TOKEN_ISSUER, jwksUrl: gatewayJwksUrl }],
    audience: USER_TOKEN_AUDIENCE,
    revocations,
    register,
    logger,
  })
  const keys = createStoredSigningKeys({
    database: quiet,
    service: 'booking',
    config: options,
    tokenLifeMs: CHARGE_TOKEN_LIFE_MS,
    logger,
  })
  const tokens = createServiceTokens({
    keys,
    issuer: CHARGE_TOKEN_ISSUER,
    subject: 'booking',
    audience: CHARGE_TOKEN_AUDIENCE,
    scope: CHARGE_TOKEN_SCOPE,
  })
  const flags = createFlags({ nats, logger, register })
  const client = createHttpClient({
    dependency: PAYMENTS,
    origins: paymentsUrls,
    register,
    retryPolicy: () => flags.value('retry-policy'),
  })

  const metrics = createBookingMetrics(register)
  const idempotency = createIdempotency(database, metrics)
  const payments = createPaymentsClient(client, tokens)
  const payment = createOrderPayment({ database, payments, metrics, logger, onEvent: () => relay.wake() })
  const publisher = createEventPublisher(nats, telemetry)
  const rounds = createBackground({ database, quiet, payment, publisher, metrics, logger })
  const common = { logger, register }
  const relay = createWorker({ ...common, name: 'relay', intervalMs: 500, round: rounds.relay })
  const workers: readonly Worker[] = [
    relay,
    createWorker({ ...common, name: 'expiry', intervalMs: 1_000, round: rounds.expiry }),
    createWorker({ ...common, name: 'recovery', intervalMs: 500, round: rounds.recovery }),
    createWorker({ ...common, name: 'housekeeping', intervalMs: 60_000, round: rounds.housekeeping }),
    createWorker({ ...common, name: 'observation', intervalMs: 2_000, round: rounds.observation }),
    createWorker({
      ...common,
      name: 'signing-keys',
      intervalMs: KEYS_EVERY_MS,
      async round() {
        await keys.refresh()
        return false
      },
    }),
  ]

  return {
    app: createServiceApp({
      telemetry,
      document: bookingDocument(),
      routes: [
        bookingRoutes({
          reservations: createReservations({ database, idempotency, metrics, holdSeconds }),
          orders: createOrders({ database, idempotency, payment, metrics }),
          verifier,
          keys,
        }),
      ],
      asProblem,
      shedding: { isOn: () => flags.value('load-shedding'), ...options.shedding },
    }),
    checks: { database: () => database.check() },
    // Events wait in the outbox while it is away.
    observed: { nats: () => nats.check() },
    prepare: () =>
      keys.refresh().catch((error: unknown) => {
        logger.warn({ err: error }, 'no signing key yet: payments cannot be asked; trying again')
      }),
    start() {
      for (const worker of workers) worker.start()
    },
    async close() {
      await payment.idle()
      await Promise.all(workers.map((worker) => worker.stop()))
      revocations.stop()
      flags.stop()
      await nats.close()
      await payments.close()
      await Promise.all([database.close(), quiet.close()])
    },
  }
}
