import { accessSync, constants } from 'node:fs'
import { mkdir, statfs } from 'node:fs/promises'
import { environmentLacks, messageOf } from '../errors.ts'
import { foldersOf, type StateLayout } from '../state/layout.ts'

/** The backends' write-ahead logs, the database and logs of a short run fit in this; builds check for themselves. */
export const MIN_FREE_BYTES = 1024 ** 3

const MIB = 1024 ** 2

/**
 * Makes the folders of the state folder and checks that they can be written to and have room.
 * @throws StackError (environment) with the way out
 */
export async function prepareStorage(
  layout: StateLayout,
  minFreeBytes: number = MIN_FREE_BYTES,
): Promise<void> {
  for (const folder of foldersOf(layout)) {
    try {
      await mkdir(folder, { recursive: true })
      accessSync(folder, constants.W_OK | constants.X_OK)
    } catch (error) {
      throw environmentLacks(
        `cannot write to ${folder} (${messageOf(error)}): change its owner or mode, or set FAULTLINE_STATE_DIR to a folder of yours`,
        error,
      )
    }
  }
  const { bavail, bsize } = await statfs(layout.root)
  const free = bavail * bsize
  if (free >= minFreeBytes) return
  throw environmentLacks(
    `only ${Math.floor(free / MIB)} MiB are free on the disk of ${layout.root}, ${Math.ceil(minFreeBytes / MIB)} MiB are needed: free some (npx faultline down --volumes deletes the kit's data), or set FAULTLINE_STATE_DIR to another disk`,
  )
}
