import { join } from 'node:path'
import type { ComponentDefinition } from '../component.ts'
import { HOST } from '../endpoints.ts'
import { inRepository, type StackContext } from './context.ts'

/** Go's soft memory limit: 80 % of the hard limit in collector.yaml. */
const MEMORY_LIMIT = '320MiB'

/** The telemetry pipeline. It needs no backend to start: what it cannot deliver waits in its queue on disk. */
export function collector({ layout, ports, collectorConfigs }: StackContext): ComponentDefinition {
  const configs = [inRepository('collector/collector.yaml'), ...collectorConfigs]
  return {
    name: 'collector',
    kind: 'service',
    binary: 'collector',
    dependsOn: [],
    flushesTo: ['prometheus', 'loki', 'embedded-store', 'tempo', 'pyroscope'],
    ports: [
      { port: ports.collectorOtlpGrpc, purpose: 'OTLP gRPC' },
      { port: ports.collectorOtlpHttp, purpose: 'OTLP HTTP' },
      { port: ports.collectorHealth, purpose: 'health' },
      { port: ports.collectorMetrics, purpose: 'own metrics' },
    ],
    command: ({ path }) => ({
      file: path,
      args: [...configs.map((config) => `--config=${config}`), '--feature-gates=service.profilesSupport'],
      env: {
        GOMEMLIMIT: MEMORY_LIMIT,
        OTLP_GRPC_ENDPOINT: `${HOST}:${ports.collectorOtlpGrpc}`,
        OTLP_HTTP_ENDPOINT: `${HOST}:${ports.collectorOtlpHttp}`,
        HEALTH_ENDPOINT: `${HOST}:${ports.collectorHealth}`,
        COLLECTOR_METRICS_HOST: HOST,
        COLLECTOR_METRICS_PORT: String(ports.collectorMetrics),
        QUEUE_DIR: join(layout.data, 'collector'),
        PROMETHEUS_OTLP_ENDPOINT: `http://${HOST}:${ports.prometheus}/api/v1/otlp`,
        LOKI_OTLP_ENDPOINT: `http://${HOST}:${ports.loki}/otlp`,
        TEMPO_OTLP_ENDPOINT: `http://${HOST}:${ports.tempoOtlpHttp}`,
        PYROSCOPE_OTLP_ENDPOINT: `http://${HOST}:${ports.pyroscope}`,
        SCRAPE_EDGE: `${HOST}:${ports.edgeMetrics}`,
        SCRAPE_GATEWAY: `${HOST}:${ports.gatewayAdmin}`,
        SCRAPE_CATALOG_1: `${HOST}:${ports.catalog1Admin}`,
        SCRAPE_CATALOG_2: `${HOST}:${ports.catalog2Admin}`,
        SCRAPE_BOOKING: `${HOST}:${ports.bookingAdmin}`,
        SCRAPE_PAYMENTS: `${HOST}:${ports.paymentsAdmin}`,
        SCRAPE_PAYMENT_PROVIDER: `${HOST}:${ports.paymentProviderAdmin}`,
        SCRAPE_TICKETING: `${HOST}:${ports.ticketingAdmin}`,
      },
    }),
    ready: { type: 'http', url: `http://${HOST}:${ports.collectorHealth}/` },
    readyTimeoutMs: 30_000,
    stop: { signal: 'SIGTERM', timeoutMs: 20_000 },
  }
}
