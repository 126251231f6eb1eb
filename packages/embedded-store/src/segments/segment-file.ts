import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const NAME = /^(\d{12})\.segment$/

/** The part of a file handle that writing a segment needs; tests pass one that fails like a full disk. */
export type SegmentHandle = Pick<FileHandle, 'writev' | 'datasync' | 'truncate' | 'close'>

/** Creates a segment file for writing; fails when it exists. */
export type CreateSegmentFile = (path: string) => Promise<SegmentHandle>

export const createSegmentFile: CreateSegmentFile = (path) => open(path, 'wx')

/** One segment as the log keeps it in mind. */
export interface Segment {
  /** Grows by one with each file, so the order of ids is the order of writing. */
  readonly id: number
  readonly path: string
  /** Bytes of whole, synced frames. */
  bytes: number
  /** Milliseconds since the epoch of the newest frame. */
  lastWriteMs: number
}

export function segmentPath(directory: string, id: number): string {
  return join(directory, `${String(id).padStart(12, '0')}.segment`)
}

/** Ids of the segment files in a directory, oldest first. */
export async function listSegmentIds(directory: string): Promise<number[]> {
  const ids: number[] = []
  for (const name of await readdir(directory)) {
    const digits = NAME.exec(name)?.[1]
    if (digits !== undefined) ids.push(Number(digits))
  }
  return ids.sort((a, b) => a - b)
}

/** Makes a created or removed directory entry itself survive a power failure. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Writes all buffers at `position`; `writev` may stop short of the end, most often when the disk is nearly full. */
export async function writeFully(
  handle: SegmentHandle,
  buffers: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let rest = [...buffers]
  let at = position
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest, at)
    at += bytesWritten
    let skip = bytesWritten
    const left: Uint8Array[] = []
    for (const buffer of rest) {
      if (skip >= buffer.length) skip -= buffer.length
      else {
        left.push(skip > 0 ? buffer.subarray(skip) : buffer)
        skip = 0
      }
    }
    rest = left
  }
}
