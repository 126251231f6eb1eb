import { join } from 'node:path'
import { USER_TOKEN_ISSUER } from '@faultline/contracts'
import {
  connectNats,
  createFlags,
  defineService,
  jwksUrl,
  natsUrl,
  watchRevocations,
} from '@faultline/service-kit'
import { createTicketing } from './ticketing.ts'

export const ticketing = defineService({
  name: 'ticketing',
  port: 8087,
  variables: {
    NATS_URL: natsUrl(),
    GATEWAY_JWKS_URL: jwksUrl("the gateway's", 'http://127.0.0.1:8081/.well-known/jwks.json'),
  },
  migrations: join(import.meta.dirname, '../migrations'),
  peers: ({ GATEWAY_JWKS_URL }) => ({ gateway: [GATEWAY_JWKS_URL] }),
  build({ config, database, telemetry }) {
    const { logger, register } = telemetry
    const nats = connectNats({ url: config.NATS_URL, name: 'ticketing', logger, register })
    return createTicketing({
      database,
      telemetry,
      nats,
      flags: createFlags({ nats, logger, register }),
      tokens: {
        issuers: [{ issuer: USER_TOKEN_ISSUER, jwksUrl: config.GATEWAY_JWKS_URL }],
        revocations: watchRevocations({ nats, logger }),
      },
    })
  },
})

if (import.meta.main) await ticketing.run()
