import { existsSync } from 'node:fs'
import { appendFile, chown, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import type { ComponentDefinition } from '../component.ts'
import type { ComposeService } from '../compose-file/service.ts'
import { placeOf } from '../compose-file/tree.ts'
import { wrongUse } from '../errors.ts'
import type { PostgresPlace } from './postgres-place.ts'

/** Where a command names the file of settings. */
const SETTINGS_OPTION = 'config_file='
/** The copy of it that the cluster's postgresql.conf includes. */
const SETTINGS_COPY = 'faultline.conf'

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
      await ensureCluster(place, password, initdb.split(/\s+/).filter(Boolean), signal)
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
  const path = command.find((word) => word.startsWith(SETTINGS_OPTION))?.slice(SETTINGS_OPTION.length)
  const mount = mounts.find(({ target }) => path?.startsWith(`${target}/`) === true)
  return path === undefined || mount === undefined
    ? undefined
    : join(mount.source, path.slice(mount.target.length))
}

/** The cluster includes a copy of the file instead, which the account that runs it can read. */
function withoutSettings(args: readonly string[]): readonly string[] {
  const at = args.findIndex((word) => word.startsWith(SETTINGS_OPTION))
  // `postgres` is what the image's entry point runs
  return args.toSpliced(at - 1, 2).filter((word) => word !== 'postgres')
}

/** Makes the cluster once (the migration makes the database in it); a cluster that was left half made is made again. */
async function ensureCluster(
  place: PostgresPlace,
  password: string,
  initdbArgs: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  // written when everything before it succeeded
  const complete = join(place.data, 'faultline.complete')
  if (existsSync(complete)) return
  await rm(place.data, { recursive: true, force: true })
  await mkdir(place.data, { recursive: true, mode: 0o700 })
  await giveTo(place, place.data)
  await initialise(place, password, initdbArgs, signal)
  await appendFile(join(place.data, 'postgresql.conf'), `include '${SETTINGS_COPY}'\n`)
  await writeFile(complete, '')
}

/** Copies the kit's settings to where the server's account can read them. */
async function writeSettings(place: PostgresPlace, source: string): Promise<void> {
  const target = join(place.data, SETTINGS_COPY)
  await copyFile(source, target)
  await giveTo(place, target)
}

/**
 * Removes the lock file of a killed server when its pid now belongs to something else: a server that runs as the same
 * OS user as that process could not tell the difference, and would not start.
 */
async function removeStaleLock(data: string): Promise<void> {
  const lock = join(data, 'postmaster.pid')
  if (!existsSync(lock)) return
  const [pid = ''] = (await readFile(lock, 'utf8')).split('\n')
  const { stdout } = await execa('ps', ['-o', 'comm=', '-p', pid.trim()], { reject: false })
  if (!stdout.includes('postgres')) await rm(lock, { force: true })
}

async function initialise(
  place: PostgresPlace,
  password: string,
  initdbArgs: readonly string[],
  cancelSignal: AbortSignal,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-initdb-'))
  try {
    const passwordFile = join(folder, 'password')
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
    for (const path of [folder, passwordFile]) await giveTo(place, path)
    await execa(
      join(place.bin, 'initdb'),
      [
        `--pgdata=${place.data}`,
        '--username=postgres',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        ...initdbArgs,
        // not worth its time for a cluster that the next start can make again
        '--no-sync',
      ],
      { ...place.account, cwd: place.data, env: { LC_ALL: 'C.UTF-8' }, cancelSignal },
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function giveTo({ account }: PostgresPlace, path: string): Promise<void> {
  if (account !== undefined) await chown(path, account.uid, account.gid)
}
