import {
  type DatabaseConfig,
  databaseConfig,
  databaseVariables,
  httpOrigins,
  jwksUrl,
  type ListenConfig,
  listenConfig,
  listenVariables,
  loadConfig,
  natsUrl,
} from '@faultline/service-kit'
import { z } from 'zod'

const schema = z.object({
  ...listenVariables({ port: 8085, adminPort: 9085 }),
  ...databaseVariables('payments_service'),
  NATS_URL: natsUrl(),
  PROVIDER_URL: httpOrigins('the origin of the payment provider', 'http://127.0.0.1:18086'),
  PROVIDER_API_KEY: z
    .string()
    .min(1, 'is empty')
    .meta({ description: "the provider's API key", example: 'provider-development-key' }),
  BOOKING_JWKS_URL: jwksUrl("booking's", 'http://127.0.0.1:18084/.well-known/jwks.json'),
})

export interface Config extends ListenConfig, DatabaseConfig {
  natsUrl: string
  providerOrigins: readonly string[]
  providerApiKey: string
  bookingJwksUrl: string
}

/** @throws ConfigurationError naming every wrong variable */
export function loadPaymentsConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const variables = loadConfig(schema, env)
  return {
    ...listenConfig(variables),
    ...databaseConfig(variables),
    natsUrl: variables.NATS_URL,
    providerOrigins: variables.PROVIDER_URL,
    providerApiKey: variables.PROVIDER_API_KEY,
    bookingJwksUrl: variables.BOOKING_JWKS_URL,
  }
}
