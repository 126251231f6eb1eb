import { join } from 'node:path'
import type { ComponentDefinition } from '../component.ts'
import { HOST } from '../endpoints.ts'
import { inRepository, type StackContext } from './context.ts'

/** Logs. */
export function loki({ layout, ports }: StackContext): ComponentDefinition {
  return {
    name: 'loki',
    kind: 'service',
    binary: 'loki',
    dependsOn: [],
    ports: [
      { port: ports.loki, purpose: 'API' },
      { port: ports.lokiGrpc, purpose: 'gRPC' },
    ],
    command: ({ path }) => ({
      file: path,
      args: [
        `-config.file=${inRepository('backends/loki/loki.yaml')}`,
        '-config.expand-env=true',
        // one process has no ring to settle; by default it is not ready for 15 s
        '-ingester.min-ready-duration=0s',
        // the parts of one process find each other by polling, at first after 10 s and 3 s
        '-frontend.scheduler-dns-lookup-period=500ms',
        '-querier.dns-lookup-period=500ms',
      ],
      env: {
        LOKI_HTTP_HOST: HOST,
        LOKI_HTTP_PORT: String(ports.loki),
        LOKI_GRPC_PORT: String(ports.lokiGrpc),
        LOKI_DATA_DIR: join(layout.data, 'loki'),
      },
    }),
    ready: { type: 'http', url: `http://${HOST}:${ports.loki}/ready` },
    readyTimeoutMs: 60_000,
    stop: { signal: 'SIGTERM', timeoutMs: 30_000 },
  }
}
