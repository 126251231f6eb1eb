import { integer, listenVariables, loadConfig, natsUrl, postgresUrl } from '@faultline/service-kit'
import { z } from 'zod'

const schema = z.object({
  ...listenVariables({ port: 8087, adminPort: 9087 }),
  DATABASE_URL: postgresUrl(
    "the URL of the database with the service's own role",
    'postgres://ticketing_service:secret@127.0.0.1:15432/box_office',
  ),
  DATABASE_POOL_MAX: integer('the connections to the database, at most', {
    minimum: 1,
    maximum: 100,
    default: 10,
  }),
  NATS_URL: natsUrl(),
  GATEWAY_JWKS_URL: z.url({ protocol: /^https?$/, error: 'is not an HTTP URL' }).meta({
    description: 'where the public keys of access tokens are',
    example: 'http://127.0.0.1:8081/.well-known/jwks.json',
  }),
})

export interface Config {
  host: string
  port: number
  adminPort: number
  databaseUrl: string
  databasePoolMax: number
  natsUrl: string
  jwksUrl: string
}

/** @throws ConfigurationError naming every wrong variable */
export function loadTicketingConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const variables = loadConfig(schema, env)
  return {
    host: variables.HOST,
    port: variables.PORT,
    adminPort: variables.ADMIN_PORT,
    databaseUrl: variables.DATABASE_URL,
    databasePoolMax: variables.DATABASE_POOL_MAX,
    natsUrl: variables.NATS_URL,
    jwksUrl: variables.GATEWAY_JWKS_URL,
  }
}
