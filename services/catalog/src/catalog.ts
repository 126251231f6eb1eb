import { catalogDocument, USER_TOKEN_AUDIENCE, USER_TOKEN_ISSUER } from '@faultline/contracts'
import {
  connectNats,
  createDatabase,
  createFlags,
  createServiceApp,
  createTokenVerifier,
  type DatabaseOptions,
  type RunnableService,
  type Shedding,
  watchRevocations,
} from '@faultline/service-kit'
import type { Telemetry } from '@faultline/telemetry'
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

export interface CatalogOptions extends Omit<DatabaseOptions, 'telemetry' | 'name' | 'checkStatement'> {
  telemetry: Pick<Telemetry, 'logger' | 'register' | 'middleware' | 'instrumentPool'>
  shedding?: Partial<Shedding>
  /** The broker, for flags and revocations; may be away. */
  natsUrl: string
  /** Public keys of users' tokens. */
  gatewayJwksUrl: string
  /** Valkey or Redis that replicas share as second cache level; none without it. */
  cacheUrl?: string | undefined
}

/** One replica of the catalog, put together; it does not listen yet. */
export function createCatalog(options: CatalogOptions): RunnableService {
  const { telemetry } = options
  const database = createDatabase({
    ...options,
    name: 'catalog',
    checkStatement: 'SELECT FROM concerts LIMIT 1',
  })
  const metrics = createCacheMetrics(telemetry.register)
  const sharedStore =
    options.cacheUrl === undefined ? undefined : connectSharedStore(options.cacheUrl, telemetry.logger)
  const { logger, register } = telemetry
  const nats = connectNats({ url: options.natsUrl, name: 'catalog', logger, register })
  const flags = createFlags({ nats, logger, register })
  const revocations = watchRevocations({ nats, logger })
  const verifier = createTokenVerifier({
    issuers: [{ issuer: USER_TOKEN_ISSUER, jwksUrl: options.gatewayJwksUrl }],
    audience: USER_TOKEN_AUDIENCE,
    revocations,
    register,
    logger,
  })
  const repository = createConcertRepository(database)
  // Places and time of their own for the statement that may become slow: it cannot take those of all others.
  const quick = createDatabase({
    ...options,
    ...quickSearchLimits,
    name: 'catalog-search',
    checkStatement: 'SELECT',
  })
  const snapshot = createFreeSeatSnapshot({
    count: (deadline) => repository.countFreeSeats(deadline),
    logger,
  })
  const search = createProtectedSearch({
    unprotected: repository.search,
    quick: createConcertRepository(quick).search,
    uncounted: repository.searchUncounted,
    snapshot,
    enabled: () => flags.value('search-fallback'),
    register: register,
    logger,
  })
  const concerts = createConcerts({ repository: { ...repository, search }, metrics, sharedStore })
  const venues = createVenues({ repository: createVenueRepository(database), metrics, sharedStore })
  const seats = createSeats({ concerts, repository: createSeatRepository(database), metrics })
  const invalidations = createInvalidations({
    url: options.url,
    logger: telemetry.logger,
    onConcertChanged: (id) => void concerts.invalidate(id),
    onGap: () => void concerts.invalidateAll(),
  })
  return {
    app: createServiceApp({
      telemetry,
      document: catalogDocument(),
      routes: [catalogRoutes({ concerts, venues, seats, verifier })],
      asProblem,
      shedding: { isOn: () => flags.value('load-shedding'), ...options.shedding },
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
