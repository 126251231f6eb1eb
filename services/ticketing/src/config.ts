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
  ...listenVariables({ port: 8087, adminPort: 9087 }),
  ...databaseVariables('ticketing_service'),
  NATS_URL: natsUrl(),
  GATEWAY_JWKS_URL: jwksUrl("the gateway's", 'http://127.0.0.1:8081/.well-known/jwks.json'),
})

export interface Config extends ListenConfig, DatabaseConfig {
  natsUrl: string
  gatewayJwksUrl: string
}

/** @throws ConfigurationError naming every wrong variable */
export function loadTicketingConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const variables = loadConfig(schema, env)
  return {
    ...listenConfig(variables),
    ...databaseConfig(variables),
    natsUrl: variables.NATS_URL,
    gatewayJwksUrl: variables.GATEWAY_JWKS_URL,
  }
}
