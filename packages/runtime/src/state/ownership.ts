import { existsSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { environmentLacks, messageOf, systemErrorCode } from '../errors.ts'
import { COMPOSE_FOLDER, DEFAULT_STATE_DIR, type StateLayout } from './layout.ts'

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
