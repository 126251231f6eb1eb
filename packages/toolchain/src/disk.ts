import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BinaryUnavailableError } from './errors.ts'
import type { BinarySpec } from './table.ts'
import { withoutBuild } from './toolchain.ts'

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
    if (free < neededMiB)
      throw noSpace(spec, `${folder} has ${free} MiB free, the build takes up to ${neededMiB} MiB`)
  }
}

export function noSpace(spec: BinarySpec, detail: string): BinaryUnavailableError {
  return new BinaryUnavailableError({
    binary: spec.name,
    reason: 'no-space',
    problem: `No room on disk to build ${spec.name}: ${detail}`,
    wayOut: `Free some space (go clean -cache helps), or point FAULTLINE_CACHE_DIR, GOCACHE and GOMODCACHE to another disk, or ${withoutBuild(spec)}.`,
  })
}

export function noPermission(spec: BinarySpec, detail: string): BinaryUnavailableError {
  return new BinaryUnavailableError({
    binary: spec.name,
    reason: 'no-permission',
    problem: `No permission to write what building ${spec.name} needs: ${detail}`,
    wayOut: `Make the folder writable, or point FAULTLINE_CACHE_DIR (and GOCACHE, GOMODCACHE) to one that is, or ${withoutBuild(spec)}.`,
  })
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
