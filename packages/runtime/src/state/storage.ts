import { accessSync, constants, existsSync } from 'node:fs'
import { readdir, stat, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { environmentLacks, messageOf, systemErrorCode } from '../errors.ts'
import { COMPOSE_FOLDER, DEFAULT_STATE_DIR, foldersOf, type StateLayout } from './layout.ts'

/** The backends' write-ahead logs, the database and logs of a short run fit in this; builds check for themselves. */
const MIN_FREE_BYTES = 1024 ** 3

const MIB = 1024 ** 2
/** Within this time, in ms, a disk that works has made a few folders; a network share that is gone never does. */
const MAKE_TIMEOUT_MS = 5000
/**
 * Longest path, in bytes, with its closing NUL; `mkdir -p` makes longer ones, step by step, that nothing can open.
 * @see https://man7.org/linux/man-pages/man0/limits.h.0p.html `PATH_MAX`
 */
const PATH_MAX = process.platform === 'linux' ? 4096 : 1024
/** More of a path, in characters, says nothing to people. */
const SHOWN_LENGTH = 200

/**
 * Makes the state folder the kit's, with the folders in it, and checks that they can be written to and have room.
 * @throws StackError (environment) with the way out, within a few seconds
 */
export async function prepareStorage(
  layout: StateLayout,
  minFreeBytes: number = MIN_FREE_BYTES,
): Promise<void> {
  await makeFolder(layout.root)
  await takeOver(layout)
  for (const folder of foldersOf(layout)) await makeFolder(folder)
  const { free } = await diskOf(layout.root)
  if (free >= minFreeBytes) return
  throw environmentLacks(
    `only ${Math.floor(free / MIB)} MiB are free on the disk of ${layout.root}, ${Math.ceil(minFreeBytes / MIB)} MiB are needed: free some (npx faultline down --volumes deletes the kit's data), or set FAULTLINE_STATE_DIR to another disk`,
  )
}

/**
 * Makes a folder of the state folder, and those above it, and checks that it can be written to.
 *
 * By the system's `mkdir`: Node's own, with `recursive`, tries forever where a folder cannot be made though the one
 * above it is there, as in procfs, and a thread that waits for a disk keeps Node from ending at all.
 * @throws StackError (environment) with the way out, within a few seconds
 * @see https://github.com/nodejs/node/blob/v24.x/src/node_file.cc `MKDirpAsync`
 */
export async function makeFolder(folder: string): Promise<void> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\0-\x1f\x7f]/.test(folder))
    throw unusable(JSON.stringify(folder), 'a line break or another control character is in its name')
  if (Buffer.byteLength(folder) >= PATH_MAX) throw unusable(folder, `longer than ${PATH_MAX - 1} bytes`)
  const made = await execa('mkdir', ['-p', '--', folder], {
    env: { LC_ALL: 'C' },
    stdin: 'ignore',
    reject: false,
    timeout: MAKE_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  if (made.timedOut) throw unusable(folder, `the disk does not answer within ${MAKE_TIMEOUT_MS / 1000} s`)
  if (made.failed) throw unusable(folder, reasonOf(`${made.stderr || made.shortMessage}`))
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw unusable(folder, shortened(messageOf(error)), error)
  }
}

/**
 * What is low on space, for people: a line for each disk that has less than a start needs.
 * @param folders that the kit writes to, each there or not: the state folder, the cache of programs
 */
export async function lowSpace(
  folders: readonly string[],
  minFreeBytes: number = MIN_FREE_BYTES,
): Promise<readonly string[]> {
  const low = new Map<number, string>()
  for (const folder of folders) {
    const { device, free } = await diskOf(folder)
    if (free >= minFreeBytes || low.has(device)) continue
    low.set(
      device,
      `only ${Math.floor(free / MIB)} MiB are left on the disk of ${folder}: with less than ${Math.ceil(minFreeBytes / MIB)} MiB the kit does not start again`,
    )
  }
  return [...low.values()]
}

/** The disk that holds a folder, or will hold it, and what is free on it, in bytes. */
async function diskOf(folder: string): Promise<{ readonly device: number; readonly free: number }> {
  try {
    const [{ dev }, { bavail, bsize }] = await Promise.all([stat(folder), statfs(folder)])
    return { device: dev, free: bavail * bsize }
  } catch (error) {
    const parent = dirname(folder)
    if (parent === folder) throw error
    return diskOf(parent)
  }
}

function unusable(folder: string, reason: string, cause?: unknown): Error {
  return environmentLacks(
    `cannot write to ${shortened(folder)} (${reason}): change its owner or mode, or set FAULTLINE_STATE_DIR to a folder of yours`,
    cause,
  )
}

/** What `mkdir` says, as far as it is worth reading. */
const reasonOf = (said: string): string =>
  shortened(
    said.replace(/File exists$/, 'something is there that is no folder, or a link that leads nowhere'),
  )

/** Beginning and end of a text that is longer than anyone reads. */
const shortened = (text: string): string =>
  text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH / 2)}…${text.slice(-SHOWN_LENGTH / 2)}`

const MARKER_TEXT = `What is in this folder belongs to a Faultline kit. "npx faultline down --volumes" deletes its data.\n`

/** Marks the state folder as the kit's. @throws StackError as {@link requireOwn} does */
export async function takeOver(layout: StateLayout): Promise<void> {
  await requireOwn(layout)
  if (!existsSync(layout.marker)) await writeFile(layout.marker, MARKER_TEXT)
}

/**
 * Nothing is written to, or deleted from, a folder that holds what is not the kit's: its `data` or `logs` may be
 * somebody's work.
 * @throws StackError (environment) with the way out
 */
export async function requireOwn(layout: StateLayout): Promise<void> {
  if (layout.root === DEFAULT_STATE_DIR || existsSync(layout.marker)) return
  const entries = (await entriesOf(layout.root)).filter((name) => name !== COMPOSE_FOLDER)
  // a kit of before there was a marker
  const isOlder = existsSync(join(layout.logs, 'supervisor.log'))
  if (entries.length === 0 || isOlder) return
  throw environmentLacks(
    `${layout.root} holds what is not the kit's (${entries.slice(0, SHOWN).join(', ')}${entries.length > SHOWN ? ', …' : ''}); nothing in it was touched: set FAULTLINE_STATE_DIR to a folder that is new or empty`,
  )
}

const SHOWN = 3

async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    throw environmentLacks(
      `cannot look into ${folder} (${messageOf(error)}): set FAULTLINE_STATE_DIR to a folder of yours`,
      error,
    )
  }
}
