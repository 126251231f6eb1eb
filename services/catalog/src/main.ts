import { Health, runMain, startService, stopOnSignals } from '@faultline/service-kit'
import { startTelemetry } from '@faultline/telemetry'
import { createCatalog } from './catalog.ts'
import { loadCatalogConfig } from './config.ts'

await runMain(async () => {
  const config = loadCatalogConfig()
  const telemetry = startTelemetry({ serviceName: 'catalog' })
  const { logger } = telemetry
  const catalog = createCatalog({
    url: config.databaseUrl,
    maxConnections: config.databasePoolMax,
    cacheUrl: config.cacheUrl,
    natsUrl: config.natsUrl,
    gatewayJwksUrl: config.gatewayJwksUrl,
    telemetry,
  })
  const service = await startService({
    ...config,
    handler: catalog.app.callback(),
    health: new Health({
      checks: { database: () => catalog.checkDatabase() },
      onChange: (name, state) => logger.info({ check: name, ...state }, 'health check changed'),
    }),
    telemetry,
    close: () => catalog.close(),
  })
  stopOnSignals(service, telemetry)
  await catalog.listenForChanges()
})
