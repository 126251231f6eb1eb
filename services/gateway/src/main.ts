import { join } from 'node:path'
import { publicServices } from '@faultline/contracts'
import { connectNats, createFlags, defineService, signingKeysConfig } from '@faultline/service-kit'
import { z } from 'zod'
import { createApp } from './app.ts'
import { rateLimitsOf, upstreamsOf, variables } from './config.ts'
import { TOKEN_LIFE_MS } from './domain/revocation-feed.ts'
import { createIdentity } from './identity.ts'
import { connectUpstreams } from './routes/pass-through.ts'
import { seedUsers } from './seed.ts'

export const gateway = defineService({
  name: 'gateway',
  port: 8081,
  variables,
  migrations: join(import.meta.dirname, '../migrations'),
  seed: {
    variables: {
      DEMO_PASSWORD: z
        .string()
        .min(8, 'is shorter than 8 characters')
        .default('faultline-demo')
        .meta({ description: "the password of the demonstration's users", example: 'faultline-demo' }),
    },
    run: (client, { DEMO_PASSWORD }) => seedUsers(client, DEMO_PASSWORD),
  },
  peers: (config) =>
    Object.fromEntries(
      upstreamsOf(config, publicServices).map(({ service, origins }) => [service.name, origins]),
    ),
  tokenLifeMs: TOKEN_LIFE_MS,
  build({ config, database, telemetry }) {
    const { logger, register } = telemetry
    const nats = connectNats({ url: config.NATS_URL, name: 'gateway', logger, register })
    const flags = createFlags({ nats, logger, register })
    const identity = createIdentity({ ...signingKeysConfig(config), database, nats, telemetry })
    const upstreams = connectUpstreams(upstreamsOf(config, publicServices), {
      register,
      retryPolicy: () => flags.value('retry-policy'),
    })
    return {
      app: createApp({
        telemetry,
        upstreams,
        identity,
        rateLimits: { sizes: rateLimitsOf(config), enabled: () => flags.value('rate-limits') },
        trustedProxies: config.TRUSTED_PROXIES,
        shedding: { isOn: () => flags.value('load-shedding') },
      }),
      // No checks: a dependency that is away does not make the gateway unready. It answers, and says what is wrong.
      prepare: () => identity.start(),
      async close() {
        await Promise.all(upstreams.map(({ client }) => client.close()))
        await identity.close()
        flags.stop()
        await nats.close()
      },
    }
  },
})

if (import.meta.main) await gateway.run()
