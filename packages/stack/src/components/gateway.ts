import type { ComponentDefinition } from '../component.ts'
import { HOST } from '../endpoints.ts'
import type { StackContext } from './context.ts'
import { NODE, nodeCommand } from './node-service.ts'
import { serviceTelemetry } from './telemetry.ts'

/** The public API. */
export function gateway(context: StackContext): ComponentDefinition {
  const { ports } = context
  return {
    name: 'gateway',
    kind: 'service',
    executable: NODE,
    dependsOn: ['toxiproxy', 'catalog-1', 'catalog-2'],
    flushesTo: ['collector'],
    ports: [
      { port: ports.gateway, purpose: 'public API' },
      { port: ports.gatewayAdmin, purpose: 'admin' },
    ],
    command: nodeCommand(context, 'services/gateway/src/main.ts', {
      HOST,
      PORT: String(ports.gateway),
      ADMIN_PORT: String(ports.gatewayAdmin),
      CATALOG_URLS: `http://${HOST}:${ports.proxyCatalog1},http://${HOST}:${ports.proxyCatalog2}`,
      ...serviceTelemetry(context, 'gateway', 'gateway-1'),
    }),
    ready: { type: 'http', url: `http://${HOST}:${ports.gatewayAdmin}/readyz` },
    readyTimeoutMs: 30_000,
    stop: { signal: 'SIGTERM', timeoutMs: 20_000 },
  }
}
