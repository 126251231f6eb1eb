import { USER_TOKEN_ISSUER } from '@faultline/contracts'
import { connectNats, createFlags, runMain, runService, watchRevocations } from '@faultline/service-kit'
import { startTelemetry } from '@faultline/telemetry'
import { profiles } from '@faultline/telemetry/profiles'
import { loadTicketingConfig } from './config.ts'
import { createTicketing } from './ticketing.ts'

await runMain(async () => {
  const config = loadTicketingConfig()
  const telemetry = startTelemetry({
    serviceName: 'ticketing',
    profiles: profiles(),
    httpClient: { peerServices: { [new URL(config.gatewayJwksUrl).origin]: 'gateway' } },
  })
  const { logger, register } = telemetry
  const nats = connectNats({ url: config.natsUrl, name: 'ticketing', logger, register })
  const ticketing = createTicketing({
    ...config,
    telemetry,
    nats,
    flags: createFlags({ nats, logger, register }),
    tokens: {
      issuers: [{ issuer: USER_TOKEN_ISSUER, jwksUrl: config.gatewayJwksUrl }],
      revocations: watchRevocations({ nats, logger }),
    },
  })
  await runService(ticketing, { config, telemetry })
})
