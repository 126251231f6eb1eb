import { readFile } from 'node:fs/promises'
import pidtree from 'pidtree'
import pidusage from 'pidusage'

/**
 * Memory of a process and its children, in bytes. On Linux the proportional set size, which counts shared pages once
 * among those that share them (PostgreSQL's buffers would else count for each connection); elsewhere the resident set.
 *
 * @see https://docs.kernel.org/filesystems/proc.html (smaps_rollup)
 */
export async function memoryOf(pid: number): Promise<number> {
  const pids = await pidtree(pid, { root: true })
  const sizes = await Promise.all(pids.map(ownMemory))
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function ownMemory(pid: number): Promise<number> {
  try {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
    const kibibytes = /^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]
    if (kibibytes !== undefined) return Number(kibibytes) * 1024
    return (await pidusage(pid)).memory
  } catch (error) {
    // A process that has ended between the listing and the look uses nothing; without /proc there is the resident set.
    return isMissing(error) && process.platform === 'linux' ? 0 : (await pidusage(pid)).memory
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')
}
