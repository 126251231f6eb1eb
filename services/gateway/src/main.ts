import { createHttpClient, Health, runMain, startService, stopOnSignals } from '@faultline/service-kit'
import { startTelemetry } from '@faultline/telemetry'
import { createApp } from './app.ts'
import { loadGatewayConfig } from './config.ts'
import { CATALOG, createCatalog } from './domain/catalog.ts'
import { createCatalogRepository } from './repositories/catalog.ts'

await runMain(async () => {
  const config = loadGatewayConfig()
  const telemetry = startTelemetry({
    serviceName: 'gateway',
    // The calls go through a proxy, so the address does not tell who is called.
    httpClient: {
      peerServices: Object.fromEntries(config.catalogOrigins.map((origin) => [origin, CATALOG])),
    },
  })
  const client = createHttpClient({
    dependency: CATALOG,
    origins: config.catalogOrigins,
    register: telemetry.register,
  })
  const service = await startService({
    ...config,
    handler: createApp({ telemetry, catalog: createCatalog(createCatalogRepository(client)) }).callback(),
    // The catalog being away does not make the gateway unready: it answers, and says what is wrong.
    health: new Health(),
    telemetry,
    close: () => client.close(),
  })
  stopOnSignals(service, telemetry)
})
