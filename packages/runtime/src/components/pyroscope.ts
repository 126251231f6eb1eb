import { join } from 'node:path'
import type { ComponentDefinition } from '../component.ts'
import { HOST } from '../endpoints.ts'
import { inRepository, type StackContext } from './context.ts'

/** Profiles, where Pyroscope is installed. */
export function pyroscope({ layout, ports }: StackContext): ComponentDefinition {
  return {
    name: 'pyroscope',
    kind: 'service',
    binary: 'pyroscope',
    dependsOn: [],
    ports: [
      { port: ports.pyroscope, purpose: 'API' },
      { port: ports.pyroscopeGrpc, purpose: 'gRPC' },
      { port: ports.pyroscopeRaft, purpose: 'raft' },
      { port: ports.pyroscopeMemberlist, purpose: 'memberlist' },
    ],
    command: ({ path }) => ({
      file: path,
      args: [`-config.file=${inRepository('backends/pyroscope/pyroscope.yaml')}`, '-config.expand-env=true'],
      env: {
        PYROSCOPE_HTTP_HOST: HOST,
        PYROSCOPE_HTTP_PORT: String(ports.pyroscope),
        PYROSCOPE_GRPC_PORT: String(ports.pyroscopeGrpc),
        PYROSCOPE_RAFT_PORT: String(ports.pyroscopeRaft),
        PYROSCOPE_MEMBERLIST_PORT: String(ports.pyroscopeMemberlist),
        PYROSCOPE_DATA_DIR: join(layout.data, 'pyroscope'),
      },
    }),
    ready: { type: 'http', url: `http://${HOST}:${ports.pyroscope}/ready` },
    readyTimeoutMs: 60_000,
    stop: { signal: 'SIGTERM', timeoutMs: 30_000 },
  }
}
