import { join } from 'node:path'
import type { ComponentDefinition } from '../component.ts'
import { HOST, ownerUrl } from '../endpoints.ts'
import { ensureCluster, removeStaleLock, writeSettings } from '../postgres/cluster.ts'
import type { PostgresPlace } from '../postgres/place.ts'
import { inRepository, type StackContext } from './context.ts'

/** The database server itself as a supervised process, so that it is signalled and restarted like any other. */
export function postgres({ ports }: StackContext, place: PostgresPlace): ComponentDefinition {
  // the database that every cluster has: the kit's own is made by the migration
  const url = new URL('/postgres', ownerUrl(ports))
  return {
    name: 'postgres',
    kind: 'service',
    executable: { path: join(place.bin, 'postgres'), version: place.version, source: 'npm' },
    dependsOn: [],
    ports: [{ port: ports.postgres, purpose: 'SQL' }],
    prepare: async (signal) => {
      await ensureCluster(place, url.password, signal)
      await removeStaleLock(place.data)
      await writeSettings(place, inRepository('backends/postgresql/postgresql.conf'))
    },
    command: ({ path }) => ({
      file: path,
      args: [
        '-D',
        place.data,
        '-p',
        String(ports.postgres),
        '-c',
        `listen_addresses=${HOST}`,
        // no socket file that a kill would leave behind
        '-c',
        'unix_socket_directories=',
      ],
      env: {},
      cwd: place.data,
      ...(place.account === undefined ? {} : { user: place.account }),
    }),
    ready: { type: 'sql', url: url.href },
    // recovery after a kill replays the write-ahead log
    readyTimeoutMs: 60_000,
    // fast shutdown: ends sessions, then checkpoints. SIGTERM would wait for every session to end by itself.
    stop: { signal: 'SIGINT', timeoutMs: 30_000 },
  }
}
