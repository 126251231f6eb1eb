import type { ComponentDefinition } from '../component.ts'
import { catalogDatabaseUrl, HOST, ownerUrl } from '../endpoints.ts'
import type { StackContext } from './context.ts'
import { NODE, nodeCommand } from './node-service.ts'
import { serviceTelemetry } from './telemetry.ts'

/** One shot: schema, roles and seed data; quick when there is nothing to do. */
export function catalogMigrate(context: StackContext): ComponentDefinition {
  const { ports } = context
  return {
    name: 'catalog-migrate',
    kind: 'task',
    executable: NODE,
    dependsOn: ['postgres'],
    ports: [],
    command: nodeCommand(context, 'services/catalog/src/migrate.ts', {
      DATABASE_OWNER_URL: ownerUrl(ports),
      DATABASE_URL: catalogDatabaseUrl(ports),
    }),
    readyTimeoutMs: 300_000,
    stop: { signal: 'SIGTERM', timeoutMs: 5000 },
  }
}

/** One of the two replicas of the catalog. */
export function catalog(context: StackContext, replica: 1 | 2): ComponentDefinition {
  const { ports } = context
  const name = `catalog-${replica}`
  const port = replica === 1 ? ports.catalog1 : ports.catalog2
  const adminPort = replica === 1 ? ports.catalog1Admin : ports.catalog2Admin
  return {
    name,
    kind: 'service',
    executable: NODE,
    dependsOn: ['toxiproxy', 'catalog-migrate'],
    flushesTo: ['collector'],
    ports: [
      { port, purpose: 'API' },
      { port: adminPort, purpose: 'admin' },
    ],
    command: nodeCommand(context, 'services/catalog/src/main.ts', {
      HOST,
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
      DATABASE_URL: catalogDatabaseUrl(ports),
      ...serviceTelemetry(context, 'catalog', name),
    }),
    ready: { type: 'http', url: `http://${HOST}:${adminPort}/readyz` },
    readyTimeoutMs: 30_000,
    stop: { signal: 'SIGTERM', timeoutMs: 20_000 },
  }
}
