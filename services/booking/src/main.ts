import { Health, runMain, startService, stopOnSignals } from '@faultline/service-kit'
import { startTelemetry } from '@faultline/telemetry'
import { createBooking } from './booking.ts'
import { loadBookingConfig } from './config.ts'
import { PAYMENTS } from './repositories/payments.ts'

await runMain(async () => {
  const config = loadBookingConfig()
  const telemetry = startTelemetry({
    serviceName: 'booking',
    // The calls go through a proxy, so the address does not tell who is called.
    httpClient: {
      peerServices: Object.fromEntries(config.paymentsUrls.map((origin) => [origin, PAYMENTS])),
    },
  })
  const { logger } = telemetry
  const booking = createBooking({
    ...config,
    url: config.databaseUrl,
    maxConnections: config.databasePoolMax,
    telemetry,
  })
  const service = await startService({
    ...config,
    handler: booking.app.callback(),
    health: new Health({
      checks: { database: () => booking.checkDatabase() },
      observed: { nats: () => booking.checkNats() },
      onChange: (name, state) => logger.info({ check: name, ...state }, 'health check changed'),
    }),
    telemetry,
    close: () => booking.close(),
  })
  stopOnSignals(service, telemetry)
  booking.startWorkers()
})
