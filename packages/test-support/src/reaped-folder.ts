/** Run as a program it is the reaper: it outlives the process that runs the tests, and cleans up after it. */
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { down, forceDown, stateLayout, takeOver } from '@faultline/runtime'

/** Longer than PostgreSQL takes to stop. */
const DOWN_TIMEOUT_MS = 60_000
let all: Promise<string> | undefined

/**
 * A new folder for the state of a kit that a test starts. When the process that runs the test is gone, however it
 * ended, the kit is stopped and the folder deleted.
 * @param prefix of its name
 */
export async function reapedFolder(prefix: string): Promise<string> {
  all ??= startReaper()
  const folder = await mkdtemp(join(await all, prefix))
  await takeOver(stateLayout(folder))
  return folder
}

async function startReaper(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-tests-'))
  // in a group of its own: Ctrl-C in the terminal ends this process and not that one
  const reaper = spawn(process.execPath, [import.meta.filename, folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  reaper.unref()
  return folder
}

if (import.meta.main) {
  const [folder = ''] = process.argv.slice(2)
  // nothing is ever written to it: it ends when the other end is closed, which the system does for a killed process
  for await (const _ of process.stdin);
  for (const name of await readdir(folder)) {
    const stateDir = join(folder, name)
    const tooLate = delay(DOWN_TIMEOUT_MS, undefined, { ref: false }).then(() => forceDown(stateDir))
    await Promise.race([down(stateDir, { volumes: true }), tooLate]).catch(() => forceDown(stateDir))
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 10 })
  process.exit()
}
