import {
  type DatabaseConfig,
  databaseConfig,
  databaseVariables,
  jwksUrl,
  type ListenConfig,
  listenConfig,
  listenVariables,
  loadConfig,
  natsUrl,
} from '@faultline/service-kit'
import { z } from 'zod'

const schema = z.object({
  ...listenVariables({ port: 8082, adminPort: 9082 }),
  ...databaseVariables('catalog_service'),
  NATS_URL: natsUrl(),
  GATEWAY_JWKS_URL: jwksUrl("the gateway's", 'http://127.0.0.1:8081/.well-known/jwks.json'),
  CACHE_URL: z
    .url({ protocol: /^rediss?$/, error: 'is not a URL of Valkey or Redis' })
    .optional()
    .meta({
      description: 'the URL of the cache that replicas share; none without it',
      example: 'redis://127.0.0.1:16380',
    }),
})

export interface Config extends ListenConfig, DatabaseConfig {
  cacheUrl: string | undefined
  natsUrl: string
  gatewayJwksUrl: string
}

/** @throws ConfigurationError naming every wrong variable */
export function loadCatalogConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const variables = loadConfig(schema, env)
  return {
    ...listenConfig(variables),
    ...databaseConfig(variables),
    cacheUrl: variables.CACHE_URL,
    natsUrl: variables.NATS_URL,
    gatewayJwksUrl: variables.GATEWAY_JWKS_URL,
  }
}
