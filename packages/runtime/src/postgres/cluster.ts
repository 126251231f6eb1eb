import { existsSync } from 'node:fs'
import { appendFile, chown, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa, type Options } from 'execa'
import type { PostgresPlace } from './place.ts'

/** Included by the cluster's postgresql.conf. */
const SETTINGS = 'faultline.conf'
const LOCALE_ENV = { LC_ALL: 'C.UTF-8' }

/** What a cluster is made with. */
export interface ClusterOptions {
  /** Of the user `postgres`. */
  readonly password: string
  /** Further arguments of `initdb`. */
  readonly arguments: readonly string[]
}

/** Makes the cluster once (the migration makes the database in it); a cluster that was left half made is made anew. */
export async function ensureCluster(
  place: PostgresPlace,
  options: ClusterOptions,
  signal: AbortSignal,
): Promise<void> {
  // written when everything before it succeeded
  const complete = join(place.data, 'faultline.complete')
  if (existsSync(complete)) return
  await rm(place.data, { recursive: true, force: true })
  await mkdir(place.data, { recursive: true, mode: 0o700 })
  if (place.account !== undefined) await chown(place.data, place.account.uid, place.account.gid)
  await initialise(place, options, signal)
  await appendFile(join(place.data, 'postgresql.conf'), `include '${SETTINGS}'\n`)
  await writeFile(complete, '')
}

/** Copies the kit's settings to where the server's account can read them. */
export async function writeSettings(place: PostgresPlace, source: string): Promise<void> {
  const target = join(place.data, SETTINGS)
  await copyFile(source, target)
  if (place.account !== undefined) await chown(target, place.account.uid, place.account.gid)
}

/**
 * Removes the lock file of a killed server when its pid now belongs to something else: a server that runs as the same
 * OS user as that process could not tell the difference, and would not start.
 */
export async function removeStaleLock(data: string): Promise<void> {
  const lock = join(data, 'postmaster.pid')
  if (!existsSync(lock)) return
  const [pid = ''] = (await readFile(lock, 'utf8')).split('\n')
  const { stdout } = await execa('ps', ['-o', 'comm=', '-p', pid.trim()], { reject: false })
  if (!stdout.includes('postgres')) await rm(lock, { force: true })
}

async function initialise(
  place: PostgresPlace,
  { password, arguments: further }: ClusterOptions,
  signal: AbortSignal,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-initdb-'))
  try {
    const passwordFile = join(folder, 'password')
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
    if (place.account !== undefined) {
      await chown(folder, place.account.uid, place.account.gid)
      await chown(passwordFile, place.account.uid, place.account.gid)
    }
    await execa(
      join(place.bin, 'initdb'),
      [
        `--pgdata=${place.data}`,
        '--username=postgres',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        ...further,
        // not worth its time for a cluster that the next line of this file can make again
        '--no-sync',
      ],
      runAs(place, signal),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function runAs(place: PostgresPlace, cancelSignal: AbortSignal): Options {
  return { ...place.account, cwd: place.data, env: LOCALE_ENV, cancelSignal }
}
