import { join } from 'node:path'
import type { ComponentDefinition } from '../component.ts'
import { HOST } from '../endpoints.ts'
import { inRepository, type StackContext } from './context.ts'

/** The broker: order events, feature flags, revoked sessions. Services start and serve without it. */
export function nats({ layout, ports }: StackContext): ComponentDefinition {
  return {
    name: 'nats',
    kind: 'service',
    binary: 'nats',
    dependsOn: [],
    ports: [
      { port: ports.nats, purpose: 'clients' },
      { port: ports.natsMonitor, purpose: 'monitoring' },
    ],
    command: ({ path }) => ({
      file: path,
      args: ['--config', inRepository('backends/nats/nats.conf')],
      env: {
        GOMEMLIMIT: '128MiB',
        NATS_LISTEN: `${HOST}:${ports.nats}`,
        NATS_MONITOR_LISTEN: `${HOST}:${ports.natsMonitor}`,
        NATS_DATA_DIR: join(layout.data, 'nats'),
      },
    }),
    ready: { type: 'http', url: `http://${HOST}:${ports.natsMonitor}/healthz` },
    // after a kill it reads its streams anew
    readyTimeoutMs: 30_000,
    stop: { signal: 'SIGTERM', timeoutMs: 10_000 },
  }
}
