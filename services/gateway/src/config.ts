/** What the gateway reads from the environment. */
import { type PublicService, publicServices } from '@faultline/contracts'
import { httpOrigins, integer, natsUrl, signingKeyVariables } from '@faultline/service-kit'
import proxyAddr from 'proxy-addr'
import { z } from 'zod'
import { type RateLimitSizes, rateLimitDefaults } from './rate-limits.ts'
import type { UpstreamAddress } from './routes/pass-through.ts'

const limit = (description: string, fallback: number) =>
  integer(description, { minimum: 1, maximum: 1_000_000, default: fallback })

const { address, user, sign_in_address: signInAddress, sign_in_username: signInUsername } = rateLimitDefaults

/** `WAITING_LIST_URL` for `waiting-list`. */
const urlVariable = ({ name }: PublicService) => `${name.toUpperCase().replaceAll('-', '_')}_URL`

/** A variable for the address of each service behind the gateway. */
export const urlVariables = (services: readonly PublicService[]) =>
  Object.fromEntries(
    services.map((service) => [
      urlVariable(service),
      httpOrigins(
        `the URL of ${service.name}, or those of its replicas, separated by commas`,
        `http://${service.name}:8080`,
      ),
    ]),
  )

/** @param config values of {@link urlVariables} among others */
export const upstreamsOf = (config: object, services: readonly PublicService[]): UpstreamAddress[] =>
  services.map((service) => ({
    service,
    origins: (config as Record<string, readonly string[]>)[urlVariable(service)] ?? [],
  }))

export const variables = {
  ...signingKeyVariables,
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
  RATE_LIMIT_ADDRESS_PER_SECOND: limit('requests of an address a second in the long run', address.perSecond),
  RATE_LIMIT_ADDRESS_BURST: limit('requests of an address at once', address.burst),
  RATE_LIMIT_USER_PER_SECOND: limit('requests of a user a second in the long run', user.perSecond),
  RATE_LIMIT_USER_BURST: limit('requests of a user at once', user.burst),
  SIGN_IN_LIMIT_ADDRESS_PER_MINUTE: limit(
    'failed sign-ins of an address a minute in the long run',
    Math.round(signInAddress.perSecond * 60),
  ),
  SIGN_IN_LIMIT_ADDRESS_BURST: limit('failed sign-ins of an address at once', signInAddress.burst),
  SIGN_IN_LIMIT_USERNAME_PER_MINUTE: limit(
    'failed sign-ins with a name a minute in the long run',
    Math.round(signInUsername.perSecond * 60),
  ),
  SIGN_IN_LIMIT_USERNAME_BURST: limit('failed sign-ins with a name at once', signInUsername.burst),
  // As an object: their names are not known to the types.
  ...(urlVariables(publicServices) as object),
}

function isListOfNetworks(networks: string[]): boolean {
  try {
    proxyAddr.compile(networks)
    return true
  } catch {
    return false
  }
}

export function rateLimitsOf(config: z.output<z.ZodObject<typeof variables>>): RateLimitSizes {
  return {
    address: { perSecond: config.RATE_LIMIT_ADDRESS_PER_SECOND, burst: config.RATE_LIMIT_ADDRESS_BURST },
    user: { perSecond: config.RATE_LIMIT_USER_PER_SECOND, burst: config.RATE_LIMIT_USER_BURST },
    sign_in_address: {
      perSecond: config.SIGN_IN_LIMIT_ADDRESS_PER_MINUTE / 60,
      burst: config.SIGN_IN_LIMIT_ADDRESS_BURST,
    },
    sign_in_username: {
      perSecond: config.SIGN_IN_LIMIT_USERNAME_PER_MINUTE / 60,
      burst: config.SIGN_IN_LIMIT_USERNAME_BURST,
    },
  }
}
