import { join } from 'node:path'
import type { ComponentDefinition } from '../component.ts'
import { HOST } from '../endpoints.ts'
import { inRepository, type StackContext } from './context.ts'

/** Where visitors and load arrive. It answers with 503 as long as there is no gateway, so it need not wait for one. */
export function edge({ layout, ports }: StackContext): ComponentDefinition {
  const data = join(layout.data, 'edge')
  return {
    name: 'edge',
    kind: 'service',
    binary: 'caddy',
    dependsOn: [],
    flushesTo: ['gateway', 'collector'],
    ports: [
      { port: ports.edge, purpose: 'HTTP' },
      { port: ports.edgeTls, purpose: 'HTTPS' },
      { port: ports.edgeMetrics, purpose: 'metrics' },
    ],
    command: ({ path }) => ({
      file: path,
      args: ['run', '--adapter=caddyfile', `--config=${inRepository('backends/caddy/Caddyfile')}`],
      env: {
        EDGE_HOST: HOST,
        EDGE_HTTP_PORT: String(ports.edge),
        EDGE_HTTPS_PORT: String(ports.edgeTls),
        EDGE_METRICS_PORT: String(ports.edgeMetrics),
        EDGE_PUBLISHED_HTTPS_PORT: String(ports.edgeTls),
        EDGE_DATA_DIR: data,
        EDGE_UPSTREAM: `${HOST}:${ports.gateway}`,
        EDGE_UPSTREAM_ADMIN_PORT: String(ports.gatewayAdmin),
        // else below the home folder of whoever starts the kit
        XDG_DATA_HOME: data,
        XDG_CONFIG_HOME: data,
        OTEL_SERVICE_NAME: 'edge',
        OTEL_RESOURCE_ATTRIBUTES: 'service.instance.id=edge-1',
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://${HOST}:${ports.collectorOtlpHttp}`,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
        // baggage is for the gateway to judge
        OTEL_PROPAGATORS: 'tracecontext',
      },
    }),
    ready: { type: 'http', url: `http://${HOST}:${ports.edgeMetrics}/readyz` },
    readyTimeoutMs: 15_000,
    stop: { signal: 'SIGTERM', timeoutMs: 20_000 },
  }
}
