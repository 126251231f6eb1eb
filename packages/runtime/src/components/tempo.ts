import { join } from 'node:path'
import type { ComponentDefinition } from '../component.ts'
import { HOST } from '../endpoints.ts'
import { inRepository, type StackContext } from './context.ts'

/** Go's soft memory limit. Under `load steady` Tempo 3.0.3 takes 800 MB without one and less than 300 MB with it. */
const MEMORY_LIMIT = '320MiB'

/** Traces, where Tempo is installed. */
export function tempo({ layout, ports }: StackContext): ComponentDefinition {
  return {
    name: 'tempo',
    kind: 'service',
    binary: 'tempo',
    dependsOn: [],
    ports: [
      { port: ports.tempo, purpose: 'API' },
      { port: ports.tempoOtlpHttp, purpose: 'OTLP HTTP' },
      { port: ports.tempoGrpc, purpose: 'gRPC' },
      { port: ports.tempoMemberlist, purpose: 'memberlist' },
    ],
    command: ({ path }) => ({
      file: path,
      args: [
        '-target=all',
        `-config.file=${inRepository('backends/tempo/tempo.yaml')}`,
        '-config.expand-env=true',
      ],
      env: {
        GOMEMLIMIT: MEMORY_LIMIT,
        TEMPO_HTTP_HOST: HOST,
        TEMPO_HTTP_PORT: String(ports.tempo),
        TEMPO_GRPC_PORT: String(ports.tempoGrpc),
        TEMPO_MEMBERLIST_PORT: String(ports.tempoMemberlist),
        TEMPO_OTLP_HTTP_ENDPOINT: `${HOST}:${ports.tempoOtlpHttp}`,
        TEMPO_DATA_DIR: join(layout.data, 'tempo'),
      },
    }),
    ready: { type: 'http', url: `http://${HOST}:${ports.tempo}/ready` },
    readyTimeoutMs: 60_000,
    // its own shutdown takes about half a minute
    stop: { signal: 'SIGTERM', timeoutMs: 45_000 },
  }
}
