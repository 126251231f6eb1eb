import { connectNats, createFlags, runMain, runService } from '@faultline/service-kit'
import { startTelemetry } from '@faultline/telemetry'
import { profiles } from '@faultline/telemetry/profiles'
import { createApp } from './app.ts'
import { loadGatewayConfig } from './config.ts'
import { createIdentity } from './identity.ts'
import { connectUpstreams } from './routes/pass-through.ts'

await runMain(async () => {
  const config = loadGatewayConfig()
  const telemetry = startTelemetry({
    serviceName: 'gateway',
    profiles: profiles(),
    // The calls go through a proxy, so the address does not tell who is called.
    httpClient: {
      peerServices: Object.fromEntries(
        config.upstreams.flatMap(({ service, origins }) => origins.map((origin) => [origin, service.name])),
      ),
    },
  })
  const { logger, register } = telemetry
  const nats = connectNats({ url: config.natsUrl, name: 'gateway', logger, register })
  const flags = createFlags({ nats, logger, register })
  const identity = createIdentity({ ...config, nats, telemetry })
  const upstreams = connectUpstreams(config.upstreams, {
    register,
    retryPolicy: () => flags.value('retry-policy'),
  })
  const app = createApp({
    telemetry,
    upstreams,
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
      await Promise.all(upstreams.map(({ client }) => client.close()))
      await identity.close()
      flags.stop()
      await nats.close()
    },
  }
  await runService(service, { config, telemetry })
})
