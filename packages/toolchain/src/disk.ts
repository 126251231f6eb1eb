import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { BinarySpec } from './table.ts'
import { noPermission, noSpace } from './unavailable.ts'

const MIB = 1024 * 1024

/** Free space in MiB on the file system that holds the folder, or will hold it. */
async function freeMiB(folder: string): Promise<number> {
  try {
    const stats = await statfs(folder)
    return Math.floor((stats.bavail * stats.bsize) / MIB)
  } catch (error) {
    const parent = dirname(folder)
    if (parent === folder) throw error
    return freeMiB(parent)
  }
}

/**
 * Checks that each folder's file system has room, before minutes of work end in "no space left".
 *
 * @throws BinaryUnavailableError `no-space`
 */
export async function requireSpace(
  spec: BinarySpec,
  folders: readonly string[],
  neededMiB: number,
): Promise<void> {
  for (const folder of folders) {
    const free = await freeMiB(folder)
    if (free < neededMiB) {
      throw noSpace(spec, `${folder} has ${free} MiB free, the build takes up to ${neededMiB} MiB`)
    }
  }
}

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT'])
const NO_PERMISSION = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT'])

/** Runs a file operation; what the file system refuses becomes one clear line. */
export async function onDisk<T>(spec: BinarySpec, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== undefined && NO_SPACE.has(code)) throw noSpace(spec, message)
    if (code !== undefined && NO_PERMISSION.has(code)) throw noPermission(spec, message)
    throw error
  }
}
