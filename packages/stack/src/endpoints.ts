import { z } from 'zod'
import type { PortTable } from './ports.ts'
import type { Endpoints } from './runtime.ts'

/** Every component of the kind `processes` listens here and nowhere else. */
export const HOST = '127.0.0.1'

export const DATABASE_NAME = 'box_office'

/** Development credentials: the database listens on loopback only and holds generated data. */
const OWNER = 'postgres:postgres'

const url = (port: number): string => `http://${HOST}:${port}`

/** Connection URL of the database's owner, straight to PostgreSQL. */
export function ownerUrl(ports: PortTable): string {
  return `postgres://${OWNER}@${HOST}:${ports.postgres}/${DATABASE_NAME}`
}

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

/** Endpoints of the kit at the given ports. */
export function endpointsAt(ports: PortTable, options: { grafana: boolean }): Endpoints {
  return {
    edge: url(ports.edge),
    // by name: the certificate's, where a client sends the name that it was asked for
    edgeTls: `https://localhost:${ports.edgeTls}`,
    gateway: url(ports.gateway),
    gatewayAdmin: url(ports.gatewayAdmin),
    catalog: [url(ports.catalog1), url(ports.catalog2)],
    catalogAdmin: [url(ports.catalog1Admin), url(ports.catalog2Admin)],
    booking: url(ports.booking),
    bookingAdmin: url(ports.bookingAdmin),
    payments: url(ports.payments),
    paymentsAdmin: url(ports.paymentsAdmin),
    paymentProvider: url(ports.paymentProvider),
    paymentProviderAdmin: url(ports.paymentProviderAdmin),
    ticketing: url(ports.ticketing),
    ticketingAdmin: url(ports.ticketingAdmin),
    nats: `nats://${HOST}:${ports.nats}`,
    natsMonitor: url(ports.natsMonitor),
    prometheus: url(ports.prometheus),
    loki: url(ports.loki),
    tempo: url(ports.tempo),
    pyroscope: url(ports.pyroscope),
    collectorOtlpHttp: url(ports.collectorOtlpHttp),
    collectorHealth: url(ports.collectorHealth),
    collectorMetrics: url(ports.collectorMetrics),
    toxiproxy: url(ports.toxiproxy),
    pager: url(ports.pager),
    postgres: ownerUrl(ports),
    ...(options.grafana ? { grafana: url(ports.grafana) } : {}),
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
