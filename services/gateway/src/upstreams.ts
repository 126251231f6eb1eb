import type { PublicService } from '@faultline/contracts'
import { createHttpClient, type HttpClient, type HttpClientOptions } from '@faultline/service-kit'
import type { Upstream } from './routes/pass-through.ts'

/** A service behind the gateway, and where it is: an origin for each of its replicas. */
export interface UpstreamAddress {
  readonly service: PublicService
  readonly origins: readonly string[]
}

/** The ways to the services, all with the same protections; what is special about one is in its contract. */
export function connectUpstreams(
  addresses: readonly UpstreamAddress[],
  options: Omit<HttpClientOptions, 'dependency' | 'origins'>,
): (Upstream & { readonly client: HttpClient })[] {
  return addresses.map(({ service, origins }) => {
    const { name: dependency, attemptTimeoutMs } = service
    const special = attemptTimeoutMs === undefined ? {} : { attemptTimeoutMs }
    return { service, client: createHttpClient({ ...options, ...special, dependency, origins }) }
  })
}
