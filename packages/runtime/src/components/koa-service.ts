import type { ComponentDefinition } from '../component.ts'
import { type DatabaseUser, HOST, ownerUrl, serviceDatabaseUrl } from '../endpoints.ts'
import type { PortName } from '../ports.ts'
import type { StackContext } from './context.ts'
import { NODE, nodeCommand } from './node-service.ts'
import { serviceTelemetry } from './telemetry.ts'

/**
 * V8 takes what the machine has: unbounded, the services hold a third more for the same load. In containers it keeps to
 * the container's limit by itself. `load breakpoint` brought the largest heap to 64 MB.
 */
const HEAP = '--max-semi-space-size=4 --max-old-space-size=96'

/** What one of the box office's services has of its own. */
export interface KoaService {
  /** Its folder below `services/`, which is also its `service.name`. */
  readonly service: string
  /** Which of its replicas, from 1. A service with a single one has its plain name as component. */
  readonly replica?: number
  readonly api: PortName
  readonly admin: PortName
  /** What must be ready before it, beside Toxiproxy. */
  readonly dependsOn: readonly string[]
  /** What is loaded before its entry point, in its folder; for a service that is instrumented from outside. */
  readonly preload?: string
  readonly env: Readonly<Record<string, string>>
}

/** One replica of a service: listens on loopback, is asked for readiness at its admin port, flushes to the collector. */
export function koaService(context: StackContext, definition: KoaService): ComponentDefinition {
  const { service, replica, env, preload } = definition
  const source = `services/${service}/src`
  const port = context.ports[definition.api]
  const adminPort = context.ports[definition.admin]
  return {
    name: replica === undefined ? service : `${service}-${replica}`,
    kind: 'service',
    executable: NODE,
    dependsOn: ['toxiproxy', ...definition.dependsOn],
    flushesTo: ['collector'],
    ports: [
      { port, purpose: 'API' },
      { port: adminPort, purpose: 'admin' },
    ],
    command: nodeCommand(
      context,
      `${source}/main.ts`,
      {
        NODE_OPTIONS: HEAP,
        HOST,
        PORT: String(port),
        ADMIN_PORT: String(adminPort),
        ...env,
        ...serviceTelemetry(context, service, `${service}-${replica ?? 1}`),
      },
      preload === undefined ? undefined : `${source}/${preload}`,
    ),
    ready: { type: 'http', url: `http://${HOST}:${adminPort}/readyz` },
    readyTimeoutMs: 30_000,
    stop: { signal: 'SIGTERM', timeoutMs: 20_000 },
  }
}

/**
 * One shot: the service's schema, role and seed data; quick when there is nothing to do.
 *
 * @param after migrations whose schema this one builds on
 */
export function migrateTask(
  context: StackContext,
  service: DatabaseUser,
  after: readonly `${DatabaseUser}-migrate`[] = [],
): ComponentDefinition {
  const { ports } = context
  return {
    name: `${service}-migrate`,
    kind: 'task',
    executable: NODE,
    dependsOn: ['postgres', ...after],
    ports: [],
    command: nodeCommand(context, `services/${service}/src/migrate.ts`, {
      DATABASE_OWNER_URL: ownerUrl(ports),
      DATABASE_URL: serviceDatabaseUrl(ports, service),
    }),
    readyTimeoutMs: 300_000,
    stop: { signal: 'SIGTERM', timeoutMs: 5000 },
  }
}
