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
  ...listenVariables({ port: 8085, adminPort: 9085 }),
  DATABASE_URL: postgresUrl(
    "the URL of the database with the service's own role",
    'postgres://payments_service:secret@127.0.0.1:15432/box_office',
  ),
  DATABASE_POOL_MAX: integer('the connections to the database, at most', {
    minimum: 1,
    maximum: 100,
    default: 10,
  }),
  NATS_URL: natsUrl(),
  PROVIDER_URL: httpOrigins('the origin of the payment provider', 'http://127.0.0.1:18086'),
  PROVIDER_API_KEY: z
    .string()
    .min(1, 'is empty')
    .meta({ description: "the provider's API key", example: 'provider-development-key' }),
  BOOKING_JWKS_URL: z.url({ protocol: /^https?$/, error: 'is not an HTTP URL' }).meta({
    description: "the URL of booking's public keys",
    example: 'http://127.0.0.1:18084/.well-known/jwks.json',
  }),
})

export interface Config {
  host: string
  port: number
  adminPort: number
  databaseUrl: string
  databasePoolMax: number
  natsUrl: string
  providerOrigins: readonly string[]
  providerApiKey: string
  bookingJwksUrl: string
}

/** @throws ConfigurationError naming every wrong variable */
export function loadPaymentsConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const variables = loadConfig(schema, env)
  return {
    host: variables.HOST,
    port: variables.PORT,
    adminPort: variables.ADMIN_PORT,
    databaseUrl: variables.DATABASE_URL,
    databasePoolMax: variables.DATABASE_POOL_MAX,
    natsUrl: variables.NATS_URL,
    providerOrigins: variables.PROVIDER_URL,
    providerApiKey: variables.PROVIDER_API_KEY,
    bookingJwksUrl: variables.BOOKING_JWKS_URL,
  }
}
