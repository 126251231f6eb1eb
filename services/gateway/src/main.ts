import { connectNats, createFlags, createHttpClient, runMain, runService } from '@faultline/service-kit'
import { startTelemetry } from '@faultline/telemetry'
import { profiles } from '@faultline/telemetry/profiles'
import { createApp } from './app.ts'
import { loadGatewayConfig } from './config.ts'
import { BOOKING, createBooking } from './domain/booking.ts'
import { CATALOG, createCatalog } from './domain/catalog.ts'
import { createTicketing, TICKETING } from './domain/ticketing.ts'
import { createIdentity } from './identity.ts'
import { createCatalogRepository } from './repositories/catalog.ts'
import { createUpstreamRepository } from './repositories/upstream.ts'
import { ORDER_DEADLINE_MS } from './routes/booking.ts'

await runMain(async () => {
  const config = loadGatewayConfig()
  const upstreams = [
    [CATALOG, config.catalogOrigins],
    [BOOKING, config.bookingOrigins],
    [TICKETING, config.ticketingOrigins],
  ] as const
  const telemetry = startTelemetry({
    serviceName: 'gateway',
    profiles: profiles(),
    // The calls go through a proxy, so the address does not tell who is called.
    httpClient: {
      peerServices: Object.fromEntries(
        upstreams.flatMap(([name, origins]) => origins.map((origin) => [origin, name])),
      ),
    },
  })
  const { logger, register } = telemetry
  const nats = connectNats({ url: config.natsUrl, name: 'gateway', logger, register })
  const flags = createFlags({ nats, logger, register })
  const identity = createIdentity({ ...config, nats, telemetry })
  const retryPolicy = () => flags.value('retry-policy')
  const catalogClient = createHttpClient({
    dependency: CATALOG,
    origins: config.catalogOrigins,
    register,
    retryPolicy,
  })
  const bookingClient = createHttpClient({
    dependency: BOOKING,
    origins: config.bookingOrigins,
    register,
    // There is one of it: a second attempt while the first one works on a payment would only be turned away.
    attemptTimeoutMs: ORDER_DEADLINE_MS,
    retryPolicy,
  })
  const ticketingClient = createHttpClient({
    dependency: TICKETING,
    origins: config.ticketingOrigins,
    register,
    retryPolicy,
  })
  const app = createApp({
    telemetry,
    catalog: createCatalog(createCatalogRepository(catalogClient)),
    booking: createBooking(createUpstreamRepository(bookingClient)),
    ticketing: createTicketing(createUpstreamRepository(ticketingClient)),
    identity,
    rateLimits: { sizes: config.rateLimits, enabled: () => flags.value('rate-limits') },
    trustedProxies: config.trustedProxies,
    shedding: { isOn: () => flags.value('load-shedding') },
  })
  // A dependency being away does not make the gateway unready: it answers, and says what is wrong.
  const service = {
    app,
    prepare: () => identity.start(),
    async close() {
      await Promise.all([catalogClient.close(), bookingClient.close(), ticketingClient.close()])
      await identity.close()
      flags.stop()
      await nats.close()
    },
  }
  await runService(service, { config, telemetry })
})
