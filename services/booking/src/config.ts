import {
  type DatabaseConfig,
  databaseConfig,
  databaseVariables,
  httpOrigins,
  integer,
  jwksUrl,
  type ListenConfig,
  listenConfig,
  listenVariables,
  loadConfig,
  natsUrl,
  type SigningKeysConfig,
  signingKeysConfig,
  signingKeyVariables,
} from '@faultline/service-kit'
import { z } from 'zod'

const schema = z.object({
  ...listenVariables({ port: 8084, adminPort: 9084 }),
  ...databaseVariables('booking_service'),
  ...signingKeyVariables,
  NATS_URL: natsUrl(),
  PAYMENTS_URL: httpOrigins('the origin of payments', 'http://127.0.0.1:18085'),
  GATEWAY_JWKS_URL: jwksUrl("the gateway's", 'http://127.0.0.1:8081/.well-known/jwks.json'),
  HOLD_SECONDS: integer('how long seats are held for a visitor who does not pay, in seconds', {
    minimum: 1,
    maximum: 3_600,
    default: 120,
  }),
})

export interface Config extends ListenConfig, DatabaseConfig, SigningKeysConfig {
  natsUrl: string
  paymentsUrls: readonly string[]
  gatewayJwksUrl: string
  holdSeconds: number
}

/** @throws ConfigurationError naming every wrong variable */
export function loadBookingConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const variables = loadConfig(schema, env)
  return {
    ...listenConfig(variables),
    ...databaseConfig(variables),
    ...signingKeysConfig(variables),
    natsUrl: variables.NATS_URL,
    paymentsUrls: variables.PAYMENTS_URL,
    gatewayJwksUrl: variables.GATEWAY_JWKS_URL,
    holdSeconds: variables.HOLD_SECONDS,
  }
}

const rotationSchema = z.object({ ...databaseVariables('booking_service'), ...signingKeyVariables })

/** @throws ConfigurationError naming every wrong variable */
export function loadRotationConfig(env: NodeJS.ProcessEnv = process.env): DatabaseConfig & SigningKeysConfig {
  const variables = loadConfig(rotationSchema, env)
  return { ...databaseConfig(variables), ...signingKeysConfig(variables) }
}
