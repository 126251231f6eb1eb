import { Health, runMain, startService, stopOnSignals } from '@faultline/service-kit'
import { startTelemetry } from '@faultline/telemetry'
import { loadPaymentsConfig } from './config.ts'
import { createPayments } from './payments.ts'
import { PROVIDER } from './repositories/provider.ts'

await runMain(async () => {
  const config = loadPaymentsConfig()
  const telemetry = startTelemetry({
    serviceName: 'payments',
    // The calls go through a proxy, so the address does not tell who is called.
    httpClient: {
      peerServices: Object.fromEntries(config.providerOrigins.map((origin) => [origin, PROVIDER])),
    },
  })
  const { logger } = telemetry
  const payments = createPayments({
    ...config,
    url: config.databaseUrl,
    maxConnections: config.databasePoolMax,
    telemetry,
  })
  const service = await startService({
    ...config,
    handler: payments.app.callback(),
    health: new Health({
      checks: { database: () => payments.checkDatabase() },
      observed: { nats: () => payments.checkNats() },
      onChange: (name, state) => logger.info({ check: name, ...state }, 'health check changed'),
    }),
    telemetry,
    close: () => payments.close(),
  })
  stopOnSignals(service, telemetry)
  payments.startWorkers()
})
