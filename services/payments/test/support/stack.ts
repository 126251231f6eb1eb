/** Payments and the payment provider, each as a process, started from its entry point as in production. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  CHARGE_TOKEN_AUDIENCE,
  CHARGE_TOKEN_ISSUER,
  CHARGE_TOKEN_SCOPE,
  type Charge,
  type ChargeRequest,
} from '@faultline/contracts'
import { connectOwner, createServiceTokens, type ServiceTokens } from '@faultline/service-kit'
import { freePort } from '@faultline/test-support/ports'
import { startPostgres, type TestPostgres } from '@faultline/test-support/servers'
import { type ServiceProcess, startServiceProcess } from '@faultline/test-support/service-process'
import { serve, testTelemetry } from '@faultline/test-support/telemetry'
import { type TestSigningKeys, testSigningKeys } from '@faultline/test-support/tokens'
import Koa from 'koa'
import pg from 'pg'
import { payments } from '../../src/main.ts'

const API_KEY = 'provider-test-key'
const PASSWORD = 'service'
const entryOf = (service: string, file = 'main') =>
  new URL(`../../../${service}/src/${file}.ts`, import.meta.url)

export interface Stack extends AsyncDisposable {
  readonly postgres: TestPostgres
  readonly ownerUrl: string
  readonly serviceUrl: string
  /** Starts the provider, where it was if it has run before, with the charges it had. */
  startProvider(env?: Record<string, string>): Promise<ServiceProcess>
  startPayments(): Promise<ServiceProcess>
  /** Charges in the provider's book with a reference. */
  chargesAtProvider(reference: string): number
  /** Runs SQL as the owner. */
  asOwner<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>
  /** Asks payments as booking does. */
  charge(payments: ServiceProcess, request: ChargeRequest, init?: RequestInit): Promise<ChargeResponse>
  get(payments: ServiceProcess, id: string): Promise<ChargeResponse>
  readonly tokens: ServiceTokens
}

export interface ChargeResponse {
  status: number
  headers: Headers
  body: Charge & { type?: string }
}

/** Tokens of booking, by the keys given; by those of a stranger otherwise. */
export function tokensOf(keys: TestSigningKeys = testSigningKeys()): ServiceTokens {
  return createServiceTokens({
    keys,
    issuer: CHARGE_TOKEN_ISSUER,
    subject: 'booking',
    audience: CHARGE_TOKEN_AUDIENCE,
    scope: CHARGE_TOKEN_SCOPE,
  })
}

export async function startStack(): Promise<Stack> {
  // What fails half-way must not leave anything behind.
  await using started = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'faultline-payments-'))
  started.defer(() => rm(folder, { recursive: true }))
  const dataFile = join(folder, 'charges.sqlite')
  const postgres = started.use(await startPostgres())
  const ownerUrl = postgres.ownerUrl('box_office')
  const client = await connectOwner(ownerUrl)
  try {
    await payments.migrate(client, PASSWORD, testTelemetry().logger)
  } finally {
    await client.end()
  }
  const serviceUrl = postgres.roleUrl(payments.role, PASSWORD, 'box_office')

  const bookingKeys = testSigningKeys()
  const tokens = tokensOf(bookingKeys)
  const booking = new Koa().use(async (ctx) => {
    ctx.body = await bookingKeys.keySet()
  })
  const keys = started.use(await serve(booking))
  const providerPort = await freePort()
  const kept = started.move()

  async function ask(url: string, init: RequestInit): Promise<ChargeResponse> {
    const headers = { authorization: `Bearer ${await tokens.token()}`, ...init.headers }
    const answer = await fetch(url, { ...init, headers })
    return {
      status: answer.status,
      headers: answer.headers,
      body: (await answer.json()) as ChargeResponse['body'],
    }
  }

  return {
    postgres,
    ownerUrl,
    serviceUrl,
    tokens,
    startProvider: async (env = {}) =>
      kept.use(
        await startServiceProcess({
          entry: entryOf('payment-provider'),
          preload: entryOf('payment-provider', 'instrumentation'),
          env: { PROVIDER_API_KEY: API_KEY, DATA_FILE: dataFile, LATENCY_MEDIAN_MS: '1', ...env },
          port: providerPort,
        }),
      ),
    startPayments: async () =>
      kept.use(
        await startServiceProcess({
          entry: entryOf('payments'),
          env: {
            DATABASE_URL: serviceUrl,
            // Nobody there: payments serves without the broker.
            NATS_URL: `nats://127.0.0.1:${await freePort()}`,
            PROVIDER_URL: `http://127.0.0.1:${providerPort}`,
            PROVIDER_API_KEY: API_KEY,
            BOOKING_JWKS_URL: `${keys.url}/.well-known/jwks.json`,
          },
        }),
      ),
    chargesAtProvider(reference) {
      using book = openBook(dataFile)
      const row = book.database
        .prepare('SELECT count(*) AS count FROM charges WHERE reference = ?')
        .get(reference)
      return Number(row?.count)
    },
    async asOwner<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) {
      const owner = new pg.Client({ connectionString: ownerUrl })
      await owner.connect()
      try {
        return (await owner.query<Row>(text, values)).rows
      } finally {
        await owner.end()
      }
    },
    charge: (payments, request, init = {}) =>
      ask(`${payments.url}/charges`, {
        ...init,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'idempotency-key': request.orderId,
          ...(init.headers as Record<string, string> | undefined),
        },
        body: JSON.stringify(request),
      }),
    get: (payments, id) => ask(`${payments.url}/charges/${id}`, {}),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

function openBook(file: string): Disposable & { database: DatabaseSync } {
  const database = new DatabaseSync(file, { readOnly: true })
  return { database, [Symbol.dispose]: () => database.close() }
}
