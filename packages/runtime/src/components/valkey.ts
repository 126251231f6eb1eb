import type { ComponentDefinition } from '../component.ts'
import { HOST } from '../endpoints.ts'
import type { StackContext } from './context.ts'

/**
 * The cache that catalog's replicas share, where Valkey or Redis is installed. Nothing of it is kept, and the oldest
 * makes room: the same settings as in docker-compose.yml.
 */
export function valkey({ ports }: StackContext): ComponentDefinition {
  return {
    name: 'valkey',
    kind: 'service',
    binary: 'valkey',
    dependsOn: [],
    ports: [{ port: ports.valkey, purpose: 'clients' }],
    command: ({ path }) => ({
      file: path,
      args: [
        ...['--bind', HOST],
        ...['--port', String(ports.valkey)],
        ...['--save', ''],
        ...['--appendonly', 'no'],
        ...['--maxmemory', '64mb'],
        ...['--maxmemory-policy', 'allkeys-lru'],
      ],
      env: {},
    }),
    ready: { type: 'tcp', host: HOST, port: ports.valkey },
    readyTimeoutMs: 10_000,
    stop: { signal: 'SIGTERM', timeoutMs: 5_000 },
  }
}
