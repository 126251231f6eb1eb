import { spawn } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stateLayout } from '../src/state/layout.ts'
import { takeOver } from '../src/state/storage.ts'

const REAPER = join(import.meta.dirname, 'fixtures/reaper.ts')
let all: Promise<string> | undefined

/**
 * A new folder for the state of a kit that a test starts. When the process that runs the test is gone, be it that
 * somebody killed it, the kit is stopped and the folder deleted.
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
  const reaper = spawn(process.execPath, [REAPER, folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  reaper.unref()
  return folder
}
