import { USER_TOKEN_ISSUER } from '@faultline/contracts'
import {
  connectNats,
  createFlags,
  Health,
  runMain,
  startService,
  stopOnSignals,
  watchRevocations,
} from '@faultline/service-kit'
import { startTelemetry } from '@faultline/telemetry'
import { loadTicketingConfig } from './config.ts'
import { createTicketing } from './ticketing.ts'

await runMain(async () => {
  const config = loadTicketingConfig()
  const telemetry = startTelemetry({
    serviceName: 'ticketing',
    httpClient: { peerServices: { [new URL(config.jwksUrl).origin]: 'gateway' } },
  })
  const { logger, register } = telemetry
  const nats = connectNats({ url: config.natsUrl, name: 'ticketing', logger, register })
  const ticketing = createTicketing({
    url: config.databaseUrl,
    maxConnections: config.databasePoolMax,
    telemetry,
    nats,
    flags: createFlags({ nats, logger, register }),
    tokens: {
      issuers: [{ issuer: USER_TOKEN_ISSUER, jwksUrl: config.jwksUrl }],
      revocations: watchRevocations({ nats, logger }),
    },
  })
  const service = await startService({
    ...config,
    handler: ticketing.app.callback(),
    health: new Health({
      checks: { database: () => ticketing.checkDatabase() },
      // Tickets that are there can be had without the broker.
      observed: { nats: () => nats.check() },
      onChange: (name, state) => logger.info({ check: name, ...state }, 'health check changed'),
    }),
    telemetry,
    close: () => ticketing.close(),
  })
  stopOnSignals(service, telemetry)
})
