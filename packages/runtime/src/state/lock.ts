import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { systemErrorCode } from '../errors.ts'
import { isAlive } from '../process/identity.ts'
import type { ProcessIdentity } from './state-file.ts'

const holderSchema = z.object({ pid: z.number(), startTime: z.string() })

/**
 * Makes this process the one supervisor of a state folder.
 * @returns undefined when it is, else who holds the lock. A holder that has died is replaced; two processes that find
 * it dead in the same instant can both win, and then the second fails at its ports.
 */
export function acquireLock(lockFile: string, self: ProcessIdentity): ProcessIdentity | undefined {
  // linked into place when complete, so that nobody reads half of it
  const draft = `${lockFile}.${self.pid}`
  writeFileSync(draft, JSON.stringify(self))
  try {
    for (;;) {
      if (linked(draft, lockFile)) return undefined
      const holder = readHolder(lockFile)
      if (holder !== undefined && isAlive(holder)) return holder
      rmSync(lockFile, { force: true })
    }
  } finally {
    rmSync(draft, { force: true })
  }
}

function linked(draft: string, lockFile: string): boolean {
  try {
    linkSync(draft, lockFile)
    return true
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false
    throw error
  }
}

/** Who holds the lock, whether that process still runs or not; undefined when nobody does. */
export function readHolder(lockFile: string): ProcessIdentity | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(lockFile, 'utf8')))
  } catch {
    return undefined
  }
}
