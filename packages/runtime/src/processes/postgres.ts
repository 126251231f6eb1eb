import { join } from 'node:path'
import type { ComponentDefinition } from '../component.ts'
import type { ComposeService } from '../compose-file/model.ts'
import { placeOf } from '../compose-file/place.ts'
import { wrongUse } from '../errors.ts'
import { ensureCluster, removeStaleLock, writeSettings } from '../postgres/cluster.ts'
import type { PostgresPlace } from '../postgres/place.ts'

const SETTINGS = 'config_file='

/**
 * The database server from npm, in a cluster that is made as the image would make it: with the password, the arguments
 * of `initdb` and the settings of the compose file. Its data is where the account that runs it may go.
 */
export function postgresComponent(
  definition: ComponentDefinition,
  service: ComposeService,
  args: readonly string[],
  place: PostgresPlace,
): ComponentDefinition {
  const { POSTGRES_PASSWORD: password, POSTGRES_INITDB_ARGS: initdb = '' } = service.environment
  const settings = settingsOf(service)
  if (password === undefined || settings === undefined) {
    throw wrongUse(
      `${placeOf(service.at)}: service ${service.name} needs POSTGRES_PASSWORD, and a mounted file of settings as -c config_file=… in its command`,
    )
  }
  return {
    ...definition,
    executable: { path: join(place.bin, 'postgres'), version: place.version, source: 'npm' },
    prepare: async (signal) => {
      await ensureCluster(place, { password, arguments: initdb.split(/\s+/).filter(Boolean) }, signal)
      await removeStaleLock(place.data)
      await writeSettings(place, settings)
    },
    command: ({ path }) => ({
      file: path,
      // no socket file that a kill would leave behind
      args: ['-D', place.data, ...withoutSettings(args), '-c', 'unix_socket_directories='],
      env: {},
      cwd: place.data,
      ...(place.account === undefined ? {} : { user: place.account }),
    }),
  }
}

/** Of this machine: what the command names as the file of settings, by way of the mount that it is below. */
function settingsOf({ command, mounts }: ComposeService): string | undefined {
  const path = command.find((word) => word.startsWith(SETTINGS))?.slice(SETTINGS.length)
  const mount = mounts.find(({ target }) => path?.startsWith(`${target}/`) === true)
  return path === undefined || mount === undefined
    ? undefined
    : join(mount.source, path.slice(mount.target.length))
}

/** The cluster includes a copy of the file instead, which the account that runs it can read. */
function withoutSettings(args: readonly string[]): readonly string[] {
  const at = args.findIndex((word) => word.startsWith(SETTINGS))
  // `postgres` is what the image's entry point runs
  return args.toSpliced(at - 1, 2).filter((word) => word !== 'postgres')
}
