import {
  httpOrigins,
  integer,
  listenVariables,
  loadConfig,
  natsUrl,
  postgresUrl,
} from '@faultline/service-kit'
import { z } from 'zod'

const schema = z.object({
  ...listenVariables({ port: 8084, adminPort: 9084 }),
  DATABASE_URL: postgresUrl(
    "the URL of the database with the service's own role",
    'postgres://booking_service:secret@127.0.0.1:15432/box_office',
  ),
  DATABASE_POOL_MAX: integer('the connections to the database, at most', {
    minimum: 1,
    maximum: 100,
    default: 10,
  }),
  NATS_URL: natsUrl(),
  PAYMENTS_URL: httpOrigins('the origin of payments', 'http://127.0.0.1:18085'),
  GATEWAY_JWKS_URL: z.url({ protocol: /^https?$/, error: 'is not an HTTP URL' }).meta({
    description: "the URL of the gateway's public keys",
    example: 'http://127.0.0.1:8081/.well-known/jwks.json',
  }),
  HOLD_SECONDS: integer('how long seats are held for a visitor who does not pay, in seconds', {
    minimum: 1,
    maximum: 3_600,
    default: 120,
  }),
})

export interface Config {
  host: string
  port: number
  adminPort: number
  databaseUrl: string
  databasePoolMax: number
  natsUrl: string
  paymentsUrls: readonly string[]
  gatewayJwksUrl: string
  holdSeconds: number
}

/** @throws ConfigurationError naming every wrong variable */
export function loadBookingConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const variables = loadConfig(schema, env)
  return {
    host: variables.HOST,
    port: variables.PORT,
    adminPort: variables.ADMIN_PORT,
    databaseUrl: variables.DATABASE_URL,
    databasePoolMax: variables.DATABASE_POOL_MAX,
    natsUrl: variables.NATS_URL,
    paymentsUrls: variables.PAYMENTS_URL,
    gatewayJwksUrl: variables.GATEWAY_JWKS_URL,
    holdSeconds: variables.HOLD_SECONDS,
  }
}
