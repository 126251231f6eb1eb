import { environmentLacks } from './errors.ts'
import { DATABASE_OWNER_URL, type PROXIES, REPLICAS, SERVICES } from './generated/topology.ts'

/** A service of docker-compose.yml, or one that only plain processes have. */
export type ServiceName = keyof typeof SERVICES

/** A named TCP port of a service. */
export type PortOf<Service extends ServiceName> = keyof (typeof SERVICES)[Service] & string

/** A port of the kit, such as `gateway/admin`. */
export type AddressName = { [Service in ServiceName]: `${Service}/${PortOf<Service>}` }[ServiceName]

/** A `service.name` of telemetry; its replicas are services of their own. */
export type OtelServiceName = keyof typeof REPLICAS

/** A proxy of Toxiproxy: what faults of the network are put on. */
export type ProxyName = keyof typeof PROXIES

/** Where the ports of the parts that run answer on this machine: `HOST:PORT` by {@link AddressName}. */
export type Addresses = Readonly<Record<string, string>>

/** The port of a service that has a number in a container; undefined where none has. */
export function addressName(service: string, target: number): AddressName | undefined {
  const ports: Readonly<Record<string, number>> = service in SERVICES ? SERVICES[service as ServiceName] : {}
  const name = Object.keys(ports).find((port) => ports[port] === target)
  return name === undefined ? undefined : (`${service}/${name}` as AddressName)
}

/** Every component of the kind `processes` listens here and nowhere else. */
export const HOST = '127.0.0.1'

/** What load needs: it arrives at the edge, and its own metrics at the collector. */
export const LOAD_PORTS: readonly AddressName[] = ['edge/http', 'collector/otlp-http']

/** Of the ports that are missing, so many are named. */
const MOST_NAMED = 5

/** Where each part of the running kit answers, straight and not through Toxiproxy: its port, or those of all replicas. */
const ENDPOINTS = {
  /** Where visitors and load arrive: plain HTTP/1.1. */
  edge: 'edge/http',
  /** The same under TLS: HTTP/1.1, 2 and 3, with a certificate that no trust store knows. */
  edgeTls: 'edge/https',
  gateway: 'gateway/http',
  gatewayAdmin: 'gateway/admin',
  catalog: REPLICAS.catalog.map((service) => `${service}/http` as const),
  catalogAdmin: REPLICAS.catalog.map((service) => `${service}/admin` as const),
  booking: 'booking/http',
  bookingAdmin: 'booking/admin',
  payments: 'payments/http',
  paymentsAdmin: 'payments/admin',
  paymentProvider: 'payment-provider/http',
  paymentProviderAdmin: 'payment-provider/admin',
  ticketing: 'ticketing/http',
  ticketingAdmin: 'ticketing/admin',
  /** The broker, `nats://HOST:PORT`. */
  nats: 'nats/nats',
  /** What the broker tells of itself: `/varz`, `/jsz`, `/healthz`. */
  natsMonitor: 'nats/monitor',
  prometheus: 'prometheus/http',
  loki: 'loki/http',
  tempo: 'tempo/http',
  pyroscope: 'pyroscope/http',
  collectorOtlpHttp: 'collector/otlp-http',
  collectorHealth: 'collector/health',
  collectorMetrics: 'collector/metrics',
  toxiproxy: 'toxiproxy/api',
  /** Takes the alerts and knows when each fired and resolved. */
  pager: 'pager/http',
  /** Connection URL of the database's owner. */
  postgres: 'postgres/postgres',
  grafana: 'grafana/http',
} as const satisfies Record<string, AddressName | readonly AddressName[]>
type EndpointName = keyof typeof ENDPOINTS

/** Base URLs without a trailing slash. */
export type Endpoints = {
  [Name in keyof typeof ENDPOINTS as Exclude<Name, 'grafana'>]: (typeof ENDPOINTS)[Name] extends string
    ? string
    : readonly string[]
} & {
  /** Present only when Grafana runs. */
  grafana?: string
}

/** How an address becomes a URL, where that is not plain HTTP. */
const URL_OF: { readonly [Name in EndpointName]?: (address: string) => string } = {
  // by name: the certificate's, where a client sends the name that it was asked for
  edgeTls: (address) => `https://${address.replace(HOST, 'localhost')}`,
  nats: (address) => `nats://${address}`,
  // the credentials are for development: the database listens on loopback only and holds generated data
  postgres: (address) => Object.assign(new URL(DATABASE_OWNER_URL), { host: address }).href,
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
  const asked: readonly EndpointName[] = only.length > 0 ? only : (Object.keys(ENDPOINTS) as EndpointName[])
  const names = asked.filter((name) => name !== 'grafana' || 'grafana/http' in addresses)
  requireAddresses(
    addresses,
    names.flatMap((name): AddressName | readonly AddressName[] => ENDPOINTS[name]),
    lack,
  )
  return Object.fromEntries(
    names.map((name) => {
      const ports: AddressName | readonly AddressName[] = ENDPOINTS[name]
      const toUrl = URL_OF[name] ?? ((address) => `http://${address}`)
      const url = (port: AddressName): string => toUrl(addresses[port] ?? '')
      return [name, typeof ports === 'string' ? url(ports) : ports.map(url)]
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
