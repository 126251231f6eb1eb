import { Health, runMain, startService, stopOnSignals } from '@faultline/service-kit'
import { startTelemetry } from '@faultline/telemetry'
import { createApp } from './app.ts'
import { createCacheMetrics } from './cache/metrics.ts'
import { loadCatalogConfig } from './config.ts'
import { createConcerts } from './domain/concerts.ts'
import { createSeats } from './domain/seats.ts'
import { createVenues } from './domain/venues.ts'
import { createConcertRepository } from './repositories/concerts.ts'
import { createDatabase } from './repositories/database.ts'
import { InvalidationListener } from './repositories/invalidations.ts'
import { createSeatRepository } from './repositories/seats.ts'
import { createVenueRepository } from './repositories/venues.ts'

await runMain(async () => {
  const config = loadCatalogConfig()
  const telemetry = startTelemetry({ serviceName: 'catalog' })
  const { logger, register } = telemetry

  const database = createDatabase({
    url: config.databaseUrl,
    maxConnections: config.databasePoolMax,
    telemetry,
  })
  const metrics = createCacheMetrics(register)
  const concerts = createConcerts({ repository: createConcertRepository(database), metrics })
  const venues = createVenues({ repository: createVenueRepository(database), metrics })
  const seats = createSeats({ concerts, repository: createSeatRepository(database), metrics })
  const invalidations = new InvalidationListener({
    url: config.databaseUrl,
    logger,
    onConcertChanged: (id) => concerts.invalidate(id),
    onGap: () => concerts.invalidateAll(),
  })

  const health = new Health({
    checks: {
      database: () => database.check(),
    },
    onChange: (name, state) => logger.info({ check: name, ...state }, 'health check changed'),
  })
  const service = await startService({
    ...config,
    handler: createApp({ telemetry, concerts, venues, seats }).callback(),
    health,
    telemetry,
    async close() {
      await invalidations.stop()
      await database.close()
    },
  })
  stopOnSignals(service, telemetry)
  await invalidations.start()
})
