import {
  SERVICE_PASSWORD,
  startDatabase,
  type TestDatabase,
  withClient,
} from '@faultline/test-support/database'
import { serve, type TestTelemetry, testTelemetry } from '@faultline/test-support/telemetry'
import { startUsers, type TestUsers } from '@faultline/test-support/tokens'
import type { Client } from 'pg'
import { type CatalogContext, catalog, createCatalog } from '../../src/main.ts'
import { type SeedSize, seed } from '../../src/seed.ts'

/** A database with the catalog's schema and seed data. */
export interface CatalogDatabase extends Omit<TestDatabase, 'serviceUrl'> {
  readonly serviceUrl: string
  /** Does again what `main.ts migrate` does. @returns whether there was something to seed */
  migrateAgain(): Promise<boolean>
}

export async function startCatalogDatabase(size: SeedSize): Promise<CatalogDatabase> {
  const migrateAndSeed = async (owner: Client) => {
    await catalog.migrate(owner, SERVICE_PASSWORD, testTelemetry().logger)
    return seed(owner, size)
  }
  const database = await startDatabase(migrateAndSeed)
  return {
    ...database,
    serviceUrl: database.serviceUrl(catalog.role),
    migrateAgain: () => withClient(database.ownerUrl, migrateAndSeed),
  }
}

/** A replica of the catalog inside the test's process. */
export interface Replica extends AsyncDisposable {
  readonly url: string
  readonly telemetry: TestTelemetry
  /** Whose tokens it takes. */
  readonly users: TestUsers
  /** Texts of the statements that its pool has sent. */
  readonly statements: string[]
}

export async function startReplica(
  url: string,
  options: Partial<CatalogContext['database']> & { cacheUrl?: string } = {},
): Promise<Replica> {
  const { cacheUrl, ...database } = options
  const telemetry = testTelemetry()
  const statements: string[] = []
  const users = await startUsers()
  const replica = createCatalog({
    // The broker is away, which must not matter: flags have their defaults, nothing is revoked.
    config: { NATS_URL: 'nats://127.0.0.1:1', GATEWAY_JWKS_URL: users.jwksUrl, CACHE_URL: cacheUrl },
    database: { maxConnections: 10, ...database, url },
    // The test itself keeps the event loop of this process busy.
    shedding: { maxEventLoopDelayMs: Number.POSITIVE_INFINITY },
    telemetry: {
      ...telemetry,
      instrumentPool(pool) {
        pool.on('connect', (client: { query: (...args: unknown[]) => unknown }) => {
          const query = client.query.bind(client)
          client.query = (...args) => {
            statements.push((args[0] as { text?: string }).text ?? String(args[0]))
            return query(...args)
          }
        })
        return pool
      },
    },
  })
  await replica.start?.()
  const server = await serve(replica.app)
  return {
    url: server.url,
    telemetry,
    users,
    statements,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await replica.close()
      await users[Symbol.asyncDispose]()
    },
  }
}
