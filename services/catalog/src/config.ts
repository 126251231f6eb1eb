import { integer, listenVariables, loadConfig, natsUrl, postgresUrl } from '@faultline/service-kit'
import { z } from 'zod'

const schema = z.object({
  ...listenVariables({ port: 8082, adminPort: 9082 }),
  DATABASE_URL: postgresUrl(
    "the URL of the database with the service's own role",
    'postgres://catalog_service:secret@127.0.0.1:15432/box_office',
  ),
  DATABASE_POOL_MAX: integer('the connections to the database, at most', {
    minimum: 1,
    maximum: 100,
    default: 10,
  }),
  NATS_URL: natsUrl(),
  GATEWAY_JWKS_URL: z.url({ protocol: /^https?$/, error: 'is not an HTTP URL' }).meta({
    description: "the URL of the gateway's public keys",
    example: 'http://127.0.0.1:8081/.well-known/jwks.json',
  }),
  CACHE_URL: z
    .url({ protocol: /^rediss?$/, error: 'is not a URL of Valkey or Redis' })
    .optional()
    .meta({
      description: 'the URL of the cache that replicas share; none without it',
      example: 'redis://127.0.0.1:16380',
    }),
})

export interface Config {
  host: string
  port: number
  adminPort: number
  databaseUrl: string
  databasePoolMax: number
  cacheUrl: string | undefined
  natsUrl: string
  gatewayJwksUrl: string
}

/** @throws ConfigurationError naming every wrong variable */
export function loadCatalogConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const variables = loadConfig(schema, env)
  return {
    host: variables.HOST,
    port: variables.PORT,
    adminPort: variables.ADMIN_PORT,
    databaseUrl: variables.DATABASE_URL,
    databasePoolMax: variables.DATABASE_POOL_MAX,
    cacheUrl: variables.CACHE_URL,
    natsUrl: variables.NATS_URL,
    gatewayJwksUrl: variables.GATEWAY_JWKS_URL,
  }
}
