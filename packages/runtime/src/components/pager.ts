import { join } from 'node:path'
import type { ComponentDefinition } from '../component.ts'
import { HOST } from '../endpoints.ts'
import type { StackContext } from './context.ts'
import { NODE, nodeCommand } from './node-service.ts'

/** Where Prometheus sends alerts; it knows when each page arrived. */
export function pager(context: StackContext): ComponentDefinition {
  const { layout, ports } = context
  return {
    name: 'pager',
    kind: 'service',
    executable: NODE,
    dependsOn: [],
    ports: [{ port: ports.pager, purpose: 'Alertmanager API' }],
    command: nodeCommand(context, 'packages/pager/src/main.ts', {
      NODE_OPTIONS: '--max-semi-space-size=1',
      PAGER_HOST: HOST,
      PAGER_PORT: String(ports.pager),
      PAGER_DATA_DIR: join(layout.data, 'pager'),
    }),
    ready: { type: 'http', url: `http://${HOST}:${ports.pager}/-/ready` },
    readyTimeoutMs: 30_000,
    stop: { signal: 'SIGTERM', timeoutMs: 5000 },
  }
}
