import { join } from 'node:path'
import { catalogDocument, USER_TOKEN_AUDIENCE, USER_TOKEN_ISSUER } from '@faultline/contracts'
import {
  connectNats,
  createDatabase,
  createFlags,
  createServiceApp,
  createTokenVerifier,
  type DatabaseConfig,
  type DatabaseOptions,
  defineService,
  jwksUrl,
  natsUrl,
  type RunnableService,
  type ServiceContext,
  type Shedding,
  watchRevocations,
} from '@faultline/service-kit'
import { z } from 'zod'
import { createCacheMetrics } from './cache/process-cache.ts'
import { connectSharedStore } from './cache/shared-cache.ts'
import { createConcerts } from './domain/concerts.ts'
import { createFreeSeatSnapshot, createProtectedSearch, quickSearchLimits } from './domain/search.ts'
import { createSeats } from './domain/seats.ts'
import { createVenues } from './domain/venues.ts'
import { createConcertRepository } from './repositories/concerts.ts'
import { createInvalidations } from './repositories/invalidations.ts'
import { createSeatRepository } from './repositories/seats.ts'
import { createVenueRepository } from './repositories/venues.ts'
import { asProblem, catalogRoutes } from './routes.ts'
import { seed } from './seed.ts'

const variables = {
  NATS_URL: natsUrl(),
  GATEWAY_JWKS_URL: jwksUrl("the gateway's", 'http://127.0.0.1:8081/.well-known/jwks.json'),
  CACHE_URL: z
    .url({ protocol: /^rediss?$/, error: 'is not a URL of Valkey or Redis' })
    .optional()
    .meta({
      description: 'the URL of the cache that replicas share; none without it',
      example: 'redis://127.0.0.1:16380',
    }),
}

export interface CatalogContext extends ServiceContext<typeof variables> {
  database: DatabaseConfig & Pick<DatabaseOptions, 'acquireTimeoutMs' | 'statementTimeoutMs'>
  shedding?: Partial<Shedding>
}

/** One replica of the catalog, put together; it does not listen yet. */
export function createCatalog(context: CatalogContext): RunnableService {
  const { config, telemetry } = context
  const { logger, register } = telemetry
  const pooled = { ...context.database, telemetry }
  const checkStatement = 'SELECT FROM concerts LIMIT 1'
  const database = createDatabase({ ...pooled, name: 'catalog', checkStatement })
  // Connections and time of its own for the statement that may become slow: it cannot take those of all others.
  const quick = createDatabase({ ...pooled, ...quickSearchLimits, name: 'catalog-search', checkStatement })
  const metrics = createCacheMetrics(register)
  const sharedStore =
    config.CACHE_URL === undefined ? undefined : connectSharedStore(config.CACHE_URL, logger)
  const nats = connectNats({ url: config.NATS_URL, name: 'catalog', logger, register })
  const flags = createFlags({ nats, logger, register })
  const revocations = watchRevocations({ nats, logger })
  const verifier = createTokenVerifier({
    issuers: [{ issuer: USER_TOKEN_ISSUER, jwksUrl: config.GATEWAY_JWKS_URL }],
    audience: USER_TOKEN_AUDIENCE,
    revocations,
    register,
    logger,
  })
  const repository = createConcertRepository(database)
  const snapshot = createFreeSeatSnapshot({ count: repository.countFreeSeats, logger })
  const search = createProtectedSearch({
    unprotected: repository.search,
    quick: createConcertRepository(quick).search,
    uncounted: repository.searchUncounted,
    snapshot,
    enabled: () => flags.value('search-fallback'),
    register,
    logger,
  })
  const concerts = createConcerts({ repository: { ...repository, search }, metrics, sharedStore })
  const venues = createVenues({ repository: createVenueRepository(database), metrics, sharedStore })
  const seats = createSeats({ concerts, repository: createSeatRepository(database), metrics })
  const invalidations = createInvalidations({
    url: context.database.url,
    logger,
    onConcertChanged: (id) => void concerts.invalidate(id),
    onGap: () => void concerts.invalidateAll(),
  })
  return {
    app: createServiceApp({
      telemetry,
      document: catalogDocument(),
      routes: [catalogRoutes({ concerts, venues, seats, verifier })],
      asProblem,
      shedding: { isOn: () => flags.value('load-shedding'), ...context.shedding },
    }),
    checks: { database: () => database.check() },
    // Hears of changes that other replicas make.
    start: () => invalidations.start(),
    async close() {
      snapshot.stop()
      await invalidations.stop()
      revocations.stop()
      flags.stop()
      await nats.close()
      sharedStore?.close()
      await Promise.all([database.close(), quick.close()])
    },
  }
}

export const catalog = defineService({
  name: 'catalog',
  port: 8082,
  variables,
  migrations: join(import.meta.dirname, '../migrations'),
  seed: { variables: {}, run: (client) => seed(client) },
  build: createCatalog,
})

if (import.meta.main) await catalog.run()
