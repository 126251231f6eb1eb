import { join } from 'node:path'
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
  defineService,
  EnvironmentError,
  httpOrigins,
  integer,
  jwksUrl,
  natsUrl,
  type RunnableService,
  type ServiceContext,
  type Shedding,
  serviceTokensDefaults,
  signingKeysConfig,
  signingKeyVariables,
  watchRevocations,
} from '@faultline/service-kit'
import type { Client } from 'pg'
import { createEventPublisher } from './clients/broker.ts'
import { createPaymentsClient, PAYMENTS } from './clients/payments.ts'
import { createBackground } from './domain/background.ts'
import { createIdempotency } from './domain/idempotency.ts'
import { createBookingMetrics } from './domain/metrics.ts'
import { createOrders } from './domain/orders.ts'
import { createOrderPayment } from './domain/payment.ts'
import { createReservations } from './domain/reservations.ts'
import { asProblem, bookingRoutes } from './routes.ts'

const variables = {
  ...signingKeyVariables,
  NATS_URL: natsUrl(),
  PAYMENTS_URL: httpOrigins('the origin of payments', 'http://127.0.0.1:18085'),
  GATEWAY_JWKS_URL: jwksUrl("the gateway's", 'http://127.0.0.1:8081/.well-known/jwks.json'),
  HOLD_SECONDS: integer('how long seats are held for a visitor who does not pay, in seconds', {
    minimum: 1,
    maximum: 3_600,
    default: 120,
  }),
}

/** Connections for looks that mostly find nothing, beside those for work. */
const QUIET_CONNECTIONS = 2

/** How long a token towards payments is alive; the margin is for clocks that are apart. */
const CHARGE_TOKEN_LIFE_MS = (serviceTokensDefaults.lifetimeSeconds + 10) * 1_000

export interface BookingContext extends ServiceContext<typeof variables> {
  shedding?: Partial<Shedding>
}

/** One replica of booking, put together; it does not listen yet. */
export function createBooking(context: BookingContext): RunnableService {
  const { config, telemetry } = context
  const { logger, register } = telemetry
  const checkStatement = 'SELECT FROM orders LIMIT 1'
  const database = createDatabase({ ...context.database, name: 'booking', checkStatement, telemetry })
  const quiet = createDatabase({
    ...context.database,
    name: 'booking background',
    checkStatement,
    maxConnections: QUIET_CONNECTIONS,
    telemetry: { logger, instrumentPool: (pool) => pool },
  })
  const nats = connectNats({ url: config.NATS_URL, name: 'booking', logger, register })
  const revocations = watchRevocations({ nats, logger })
  const verifier = createTokenVerifier({
    issuers: [{ issuer: USER_TOKEN_ISSUER, jwksUrl: config.GATEWAY_JWKS_URL }],
    audience: USER_TOKEN_AUDIENCE,
    revocations,
    register,
    logger,
  })
  const keys = createStoredSigningKeys({
    database: quiet,
    service: 'booking',
    config: signingKeysConfig(config),
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
    origins: config.PAYMENTS_URL,
    register,
    retryPolicy: () => flags.value('retry-policy'),
  })

  const metrics = createBookingMetrics(register)
  const idempotency = createIdempotency(database, metrics)
  const payments = createPaymentsClient(client, tokens)
  const payment = createOrderPayment({ database, payments, metrics, logger, onEvent: () => relay.wake() })
  const publisher = createEventPublisher(nats, telemetry)
  const rounds = createBackground({ database, quiet, payment, publisher, metrics, logger })
  const refreshKeys = () => keys.refresh().then(() => false)
  const worker = (name: string, intervalMs: number, round: () => Promise<boolean>) =>
    createWorker({ name, intervalMs, round, logger, register })
  const relay = worker('relay', 500, rounds.relay)
  const workers = [
    relay,
    worker('expiry', 1_000, rounds.expiry),
    worker('recovery', 500, rounds.recovery),
    worker('housekeeping', 60_000, rounds.housekeeping),
    worker('observation', 2_000, rounds.observation),
    worker('signing-keys', 1_000, refreshKeys),
  ]
  const reservations = createReservations({
    database,
    idempotency,
    metrics,
    holdSeconds: config.HOLD_SECONDS,
  })
  const orders = createOrders({ database, idempotency, payment, metrics })

  return {
    app: createServiceApp({
      telemetry,
      document: bookingDocument(),
      routes: [bookingRoutes({ reservations, orders, verifier, keys })],
      asProblem,
      shedding: { isOn: () => flags.value('load-shedding'), ...context.shedding },
    }),
    checks: { database: () => database.check() },
    // Events wait in the outbox while it is away.
    observed: { nats: () => nats.check() },
    prepare: () =>
      keys.refresh().catch((error: unknown) => {
        logger.warn({ err: error }, 'no signing key yet: payments cannot be asked; trying again')
      }),
    start() {
      for (const each of workers) each.start()
    },
    async close() {
      await payment.idle()
      await Promise.all(workers.map((each) => each.stop()))
      revocations.stop()
      flags.stop()
      await nats.close()
      await payments.close()
      await Promise.all([database.close(), quiet.close()])
    },
  }
}

/** Booking sells the seats of the catalog: see `docs/architecture/shared-seats.md`. */
async function requireSeats(client: Client): Promise<void> {
  const { rows } = await client.query<{ there: boolean }>(
    "SELECT to_regclass('catalog.seats') IS NOT NULL AS there",
  )
  if (!rows[0]?.there) {
    throw new EnvironmentError(
      'the database has no catalog.seats, which booking sells. Migrate the catalog first: node services/catalog/src/main.ts migrate',
    )
  }
}

export const booking = defineService({
  name: 'booking',
  port: 8084,
  variables,
  migrations: join(import.meta.dirname, '../migrations'),
  beforeMigrations: requireSeats,
  peers: ({ PAYMENTS_URL }) => ({ [PAYMENTS]: PAYMENTS_URL }),
  tokenLifeMs: CHARGE_TOKEN_LIFE_MS,
  build: createBooking,
})

if (import.meta.main) await booking.run()
