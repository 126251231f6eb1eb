import { environmentLacks } from './errors.ts'
import { DATABASE_OWNER_URL } from './generated/topology.ts'
import type { Endpoints } from './runtime.ts'
import { type Addresses, type AddressName, REPLICAS } from './topology.ts'

/** Every component of the kind `processes` listens here and nowhere else. */
export const HOST = '127.0.0.1'

/** What load needs: it arrives at the edge, and its own metrics at the collector. */
export const LOAD_PORTS: readonly AddressName[] = ['edge/http', 'collector/otlp-http']

/** Of the ports that are missing, so many are named. */
const MOST_NAMED = 5

const http = (address: string): string => `http://${address}`

/** Of each endpoint the port, or those of all replicas, and how an address becomes its URL. */
const TABLE: {
  readonly [Name in keyof Endpoints]-?: readonly [AddressName | readonly AddressName[], typeof http]
} = {
  edge: ['edge/http', http],
  // by name: the certificate's, where a client sends the name that it was asked for
  edgeTls: ['edge/https', (address) => `https://${address.replace(HOST, 'localhost')}`],
  gateway: ['gateway/http', http],
  gatewayAdmin: ['gateway/admin', http],
  catalog: [REPLICAS.catalog.map((service) => `${service}/http` as const), http],
  catalogAdmin: [REPLICAS.catalog.map((service) => `${service}/admin` as const), http],
  booking: ['booking/http', http],
  bookingAdmin: ['booking/admin', http],
  payments: ['payments/http', http],
  paymentsAdmin: ['payments/admin', http],
  paymentProvider: ['payment-provider/http', http],
  paymentProviderAdmin: ['payment-provider/admin', http],
  ticketing: ['ticketing/http', http],
  ticketingAdmin: ['ticketing/admin', http],
  nats: ['nats/nats', (address) => `nats://${address}`],
  natsMonitor: ['nats/monitor', http],
  prometheus: ['prometheus/http', http],
  loki: ['loki/http', http],
  tempo: ['tempo/http', http],
  pyroscope: ['pyroscope/http', http],
  collectorOtlpHttp: ['collector/otlp-http', http],
  collectorHealth: ['collector/health', http],
  collectorMetrics: ['collector/metrics', http],
  toxiproxy: ['toxiproxy/api', http],
  pager: ['pager/http', http],
  postgres: ['postgres/postgres', ownerUrlAt],
  grafana: ['grafana/http', http],
}

/**
 * Where parts of the kit answer: the named ones, or all.
 * @param only none are all of them
 * @param lack what to tell people, given the ports that have no address
 * @throws StackError (environment) when a part that is not optional has no address
 */
export function endpointsOf<Name extends keyof Endpoints = keyof Endpoints>(
  addresses: Addresses,
  only: readonly Name[],
  lack: (missing: string) => string,
): Pick<Endpoints, Name> {
  const asked: readonly (keyof Endpoints)[] = only.length > 0 ? only : (Object.keys(TABLE) as Name[])
  const names = asked.filter((name) => name !== 'grafana' || 'grafana/http' in addresses)
  requireAddresses(
    addresses,
    names.flatMap((name) => TABLE[name][0]),
    lack,
  )
  const url = (port: AddressName, toUrl: typeof http): string => toUrl(addresses[port] ?? '')
  return Object.fromEntries(
    names.map((name) => {
      const [ports, toUrl] = TABLE[name]
      return [name, typeof ports === 'string' ? url(ports, toUrl) : ports.map((port) => url(port, toUrl))]
    }),
  ) as Partial<Endpoints> as Pick<Endpoints, Name>
}

/**
 * @param lack what to tell people, given the ports that have no address
 * @throws StackError (environment) when one of the ports has no address
 */
export function requireAddresses(
  addresses: Addresses,
  ports: readonly AddressName[],
  lack: (missing: string) => string,
): void {
  const missing = ports.filter((port) => !(port in addresses))
  if (missing.length === 0) return
  const more = missing.length > MOST_NAMED ? ` and ${missing.length - MOST_NAMED} more` : ''
  throw environmentLacks(lack(`${missing.slice(0, MOST_NAMED).join(', ')}${more}`))
}

/** The credentials are for development: the database listens on loopback only and holds generated data. */
function ownerUrlAt(address: string): string {
  const url = new URL(DATABASE_OWNER_URL)
  url.host = address
  return url.href
}
