import {
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
  createServiceTokens,
  createStoredSigningKeys,
  createTokenVerifier,
  createWorker,
  type DatabaseOptions,
  type RunnableService,
  type SigningKeysConfig,
  serviceTokensDefaults,
  type Worker,
  watchRevocations,
} from '@faultline/service-kit'
import type { Telemetry } from '@faultline/telemetry'
import { type AppDependencies, createApp } from './app.ts'
import { createBackground } from './domain/background.ts'
import { createIdempotency } from './domain/idempotency.ts'
import { createInventory } from './domain/inventory.ts'
import { createBookingMetrics } from './domain/metrics.ts'
import { createOrders } from './domain/orders.ts'
import { createOrderPayment } from './domain/payment.ts'
import { createRelay } from './domain/relay.ts'
import { createReservations } from './domain/reservations.ts'
import { createIdempotencyKeyRepository } from './repositories/idempotency-keys.ts'
import { createOrderRepository } from './repositories/orders.ts'
import { createOutboxRepository } from './repositories/outbox.ts'
import { createPaymentRepository, PAYMENTS } from './repositories/payments.ts'
import { createEventPublisher } from './repositories/publisher.ts'
import { createReservationRepository } from './repositories/reservations.ts'
import { createSeatRepository } from './repositories/seats.ts'

export interface BookingOptions
  extends Omit<DatabaseOptions, 'telemetry' | 'name' | 'checkStatement'>,
    SigningKeysConfig {
  telemetry: Pick<Telemetry, 'logger' | 'register' | 'middleware' | 'instrumentPool' | 'messaging'>
  natsUrl: string
  paymentsUrls: readonly string[]
  gatewayJwksUrl: string
  /** How long seats are held for a visitor who does not pay, in seconds. */
  holdSeconds: number
  shedding?: Partial<AppDependencies['shedding']>
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
  const reservations = createReservationRepository()
  const orders = createOrderRepository()
  const outbox = createOutboxRepository()
  const idempotencyKeys = createIdempotencyKeyRepository()
  const inventory = createInventory(createSeatRepository())
  const idempotency = createIdempotency({ database, keys: idempotencyKeys, metrics })
  const payment = createOrderPayment({
    database,
    orders,
    reservations,
    outbox,
    inventory,
    payments: createPaymentRepository(client, tokens),
    metrics,
    logger,
    onEvent: () => relay.wake(),
  })

  const rounds = createBackground({
    database,
    quiet,
    reservations,
    orders,
    outbox,
    keys: idempotencyKeys,
    inventory,
    payment,
    metrics,
    logger,
  })
  const relayRound = createRelay({
    database,
    quiet,
    outbox,
    publisher: createEventPublisher({ nats, telemetry }),
    metrics,
    logger,
  })
  const common = { logger, register }
  const relay = createWorker({ ...common, name: 'relay', intervalMs: 500, round: relayRound })
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
    app: createApp({
      telemetry,
      reservations: createReservations({
        database,
        repository: reservations,
        inventory,
        idempotency,
        metrics,
        holdSeconds,
      }),
      orders: createOrders({ database, repository: orders, reservations, idempotency, payment, metrics }),
      verifier,
      keys,
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
      await client.close()
      await Promise.all([database.close(), quiet.close()])
    },
  }
}
