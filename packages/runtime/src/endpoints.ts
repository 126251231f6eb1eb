import { z } from 'zod'
import type { PortName, PortTable } from './ports.ts'
import type { Endpoints } from './runtime.ts'

/** Every component of the kind `processes` listens here and nowhere else. */
export const HOST = '127.0.0.1'

export const DATABASE_NAME = 'box_office'

/** Development credentials: the database listens on loopback only and holds generated data. */
const OWNER = 'postgres:postgres'

/** Connection URL of the database's owner, straight to PostgreSQL. */
export function ownerUrl(ports: PortTable): string {
  return ownerUrlAt(`${HOST}:${ports.postgres}`)
}

const ownerUrlAt = (address: string): string => `postgres://${OWNER}@${address}/${DATABASE_NAME}`

/** Services that keep something in the database, each in a schema of its own. */
export type DatabaseUser = 'gateway' | 'catalog' | 'booking' | 'payments' | 'ticketing'

/** Connection URL of a service's least-privilege role, through Toxiproxy. */
export function serviceDatabaseUrl(ports: PortTable, service: DatabaseUser): string {
  const role = `${service}_service`
  return `postgres://${role}:${role}@${HOST}:${ports.proxyPostgres}/${DATABASE_NAME}`
}

/** The broker as services reach it, through Toxiproxy. */
export function proxiedNatsUrl(ports: PortTable): string {
  return `nats://${HOST}:${ports.proxyNats}`
}

/** The cache that catalog's replicas share, through Toxiproxy. */
export function proxiedCacheUrl(ports: PortTable): string {
  return `redis://${HOST}:${ports.proxyValkey}`
}

/** Endpoints of the kit as plain processes at the given ports. */
export function endpointsAt(ports: PortTable, options: { grafana: boolean }): Endpoints {
  return endpointsOf((name) => `${HOST}:${ports[name]}`, options)
}

/**
 * Endpoints of the kit, wherever its parts answer.
 * @param at gives the address `HOST:PORT` of each
 */
export function endpointsOf(at: (name: PortName) => string, options: { grafana: boolean }): Endpoints {
  const url = (name: PortName): string => `http://${at(name)}`
  return {
    edge: url('edge'),
    // by name: the certificate's, where a client sends the name that it was asked for
    edgeTls: `https://${at('edgeTls').replace(HOST, 'localhost')}`,
    gateway: url('gateway'),
    gatewayAdmin: url('gatewayAdmin'),
    catalog: [url('catalog1'), url('catalog2')],
    catalogAdmin: [url('catalog1Admin'), url('catalog2Admin')],
    booking: url('booking'),
    bookingAdmin: url('bookingAdmin'),
    payments: url('payments'),
    paymentsAdmin: url('paymentsAdmin'),
    paymentProvider: url('paymentProvider'),
    paymentProviderAdmin: url('paymentProviderAdmin'),
    ticketing: url('ticketing'),
    ticketingAdmin: url('ticketingAdmin'),
    nats: `nats://${at('nats')}`,
    natsMonitor: url('natsMonitor'),
    prometheus: url('prometheus'),
    loki: url('loki'),
    tempo: url('tempo'),
    pyroscope: url('pyroscope'),
    collectorOtlpHttp: url('collectorOtlpHttp'),
    collectorHealth: url('collectorHealth'),
    collectorMetrics: url('collectorMetrics'),
    toxiproxy: url('toxiproxy'),
    pager: url('pager'),
    postgres: ownerUrlAt(at('postgres')),
    ...(options.grafana ? { grafana: url('grafana') } : {}),
  }
}

export const endpointsSchema = z.object({
  edge: z.string(),
  edgeTls: z.string(),
  gateway: z.string(),
  gatewayAdmin: z.string(),
  catalog: z.array(z.string()),
  catalogAdmin: z.array(z.string()),
  booking: z.string(),
  bookingAdmin: z.string(),
  payments: z.string(),
  paymentsAdmin: z.string(),
  paymentProvider: z.string(),
  paymentProviderAdmin: z.string(),
  ticketing: z.string(),
  ticketingAdmin: z.string(),
  nats: z.string(),
  natsMonitor: z.string(),
  prometheus: z.string(),
  loki: z.string(),
  tempo: z.string(),
  pyroscope: z.string(),
  collectorOtlpHttp: z.string(),
  collectorHealth: z.string(),
  collectorMetrics: z.string(),
  toxiproxy: z.string(),
  pager: z.string(),
  postgres: z.string(),
  grafana: z.string().exactOptional(),
})
