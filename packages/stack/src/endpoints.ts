import { z } from 'zod'
import type { PortTable } from './ports.ts'
import type { Endpoints } from './runtime.ts'

/** Every component of the kind `processes` listens here and nowhere else. */
export const HOST = '127.0.0.1'

export const DATABASE_NAME = 'box_office'

/** Development credentials: the database listens on loopback only and holds generated data. */
const OWNER = 'postgres:postgres'
const CATALOG_ROLE = 'catalog_service:catalog_service'

const url = (port: number): string => `http://${HOST}:${port}`

/** Connection URL of the database's owner, straight to PostgreSQL. */
export function ownerUrl(ports: PortTable): string {
  return `postgres://${OWNER}@${HOST}:${ports.postgres}/${DATABASE_NAME}`
}

/** Connection URL of the catalog's least-privilege role, through Toxiproxy. */
export function catalogDatabaseUrl(ports: PortTable): string {
  return `postgres://${CATALOG_ROLE}@${HOST}:${ports.proxyPostgres}/${DATABASE_NAME}`
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
