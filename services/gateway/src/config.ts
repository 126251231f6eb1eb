import { type PublicService, publicServices } from '@faultline/contracts'
import {
  httpOrigins,
  integer,
  type ListenConfig,
  listenConfig,
  listenVariables,
  loadConfig,
  natsUrl,
  postgresUrl,
  type SigningKeysConfig,
  signingKeysConfig,
  signingKeyVariables,
} from '@faultline/service-kit'
import proxyAddr from 'proxy-addr'
import { z } from 'zod'
import { type RateLimitSizes, rateLimitDefaults } from './rate-limits.ts'
import type { UpstreamAddress } from './routes/pass-through.ts'

const perSecond = (what: string, fallback: number) =>
  integer(`${what} a second in the long run`, { minimum: 1, maximum: 1_000_000, default: fallback })
const burst = (what: string, fallback: number) =>
  integer(`${what} at once`, { minimum: 1, maximum: 1_000_000, default: fallback })
const perMinute = (what: string, size: { perSecond: number }) =>
  integer(`${what} a minute in the long run`, {
    minimum: 1,
    maximum: 1_000_000,
    default: Math.round(size.perSecond * 60),
  })

const { address, user, sign_in_address: signInAddress, sign_in_username: signInUsername } = rateLimitDefaults

const databaseUrl = postgresUrl(
  "the URL of the database with the service's own role",
  'postgres://gateway_service:secret@127.0.0.1:15432/box_office',
)

/** What the gateway and the entry point that rotates its signing keys both need. */
const rotation = {
  DATABASE_URL: databaseUrl,
  ...signingKeyVariables,
}

const schema = z.object({
  ...listenVariables({ port: 8081, adminPort: 9081 }),
  ...rotation,
  NATS_URL: natsUrl(),
  TRUSTED_PROXIES: z
    .string()
    .transform((list) => list.split(',').map((network) => network.trim()))
    .refine(isListOfNetworks, 'is not a list of addresses and networks')
    .default([])
    .meta({
      description: 'the proxies whose X-Forwarded-For is believed, separated by commas',
      example: '127.0.0.1,10.0.0.0/8',
    }),
  RATE_LIMIT_ADDRESS_PER_SECOND: perSecond('requests of an address', address.perSecond),
  RATE_LIMIT_ADDRESS_BURST: burst('requests of an address', address.burst),
  RATE_LIMIT_USER_PER_SECOND: perSecond('requests of a user', user.perSecond),
  RATE_LIMIT_USER_BURST: burst('requests of a user', user.burst),
  SIGN_IN_LIMIT_ADDRESS_PER_MINUTE: perMinute('failed sign-ins of an address', signInAddress),
  SIGN_IN_LIMIT_ADDRESS_BURST: burst('failed sign-ins of an address', signInAddress.burst),
  SIGN_IN_LIMIT_USERNAME_PER_MINUTE: perMinute('failed sign-ins with a name', signInUsername),
  SIGN_IN_LIMIT_USERNAME_BURST: burst('failed sign-ins with a name', signInUsername.burst),
})

function isListOfNetworks(networks: string[]): boolean {
  try {
    proxyAddr.compile(networks)
    return true
  } catch {
    return false
  }
}

export interface RotationConfig extends SigningKeysConfig {
  databaseUrl: string
}

export interface Config extends RotationConfig, ListenConfig {
  upstreams: readonly UpstreamAddress[]
  natsUrl: string
  trustedProxies: readonly string[]
  rateLimits: RateLimitSizes
}

/** `WAITING_LIST_URL` for `waiting-list`. */
const urlVariable = ({ name }: PublicService) => `${name.toUpperCase().replaceAll('-', '_')}_URL`

/**
 * @param services whose addresses are required
 * @throws ConfigurationError naming every wrong variable
 */
export function loadGatewayConfig(
  env: NodeJS.ProcessEnv = process.env,
  services: readonly PublicService[] = publicServices,
): Config {
  const urls = Object.fromEntries(
    services.map((service) => [
      urlVariable(service),
      httpOrigins(
        `the URL of ${service.name}, or those of its replicas, separated by commas`,
        `http://${service.name}:8080`,
      ),
    ]),
  )
  // All at once, so that the error names every wrong variable; the type is that of the ones known by name.
  const variables = loadConfig(schema.extend(urls as object), env)
  const origins = loadConfig(z.object(urls), env)
  return {
    ...rotationConfig(variables),
    ...listenConfig(variables),
    upstreams: services.map((service) => ({ service, origins: origins[urlVariable(service)] ?? [] })),
    natsUrl: variables.NATS_URL,
    trustedProxies: variables.TRUSTED_PROXIES,
    rateLimits: {
      address: {
        perSecond: variables.RATE_LIMIT_ADDRESS_PER_SECOND,
        burst: variables.RATE_LIMIT_ADDRESS_BURST,
      },
      user: { perSecond: variables.RATE_LIMIT_USER_PER_SECOND, burst: variables.RATE_LIMIT_USER_BURST },
      sign_in_address: {
        perSecond: variables.SIGN_IN_LIMIT_ADDRESS_PER_MINUTE / 60,
        burst: variables.SIGN_IN_LIMIT_ADDRESS_BURST,
      },
      sign_in_username: {
        perSecond: variables.SIGN_IN_LIMIT_USERNAME_PER_MINUTE / 60,
        burst: variables.SIGN_IN_LIMIT_USERNAME_BURST,
      },
    },
  }
}

/** @throws ConfigurationError naming every wrong variable */
export function loadRotationConfig(env: NodeJS.ProcessEnv = process.env): RotationConfig {
  return rotationConfig(loadConfig(z.object(rotation), env))
}

function rotationConfig(variables: z.output<z.ZodObject<typeof rotation>>): RotationConfig {
  return { databaseUrl: variables.DATABASE_URL, ...signingKeysConfig(variables) }
}
