import { type FileHandle, open, readdir, readFile, stat, truncate, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { scanFrames } from './frame.ts'

const NAME = /^(\d{12})\.segment$/

/** Where the payload of a frame lies. */
export interface FrameLocation {
  readonly segment: number
  readonly offset: number
  readonly length: number
}

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
  const names = await readdir(directory)
  const ids = names.flatMap((name) => NAME.exec(name)?.[1] ?? [])
  return ids.map(Number).sort((a, b) => a - b)
}

/** Makes a created or removed directory entry itself survive a power failure. */
export async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, 'r')
  await handle.sync()
}

/** The part of a file handle that writing a segment needs; tests pass one that fails like a full disk. */
export type SegmentHandle = Pick<FileHandle, 'writev' | 'datasync' | 'truncate' | 'close'>

/** Writes all buffers at `position`; `writev` may stop short of the end, most often when the disk is nearly full. */
export async function writeFully(
  handle: SegmentHandle,
  buffers: readonly Uint8Array[],
  position: number,
): Promise<void> {
  const length = buffers.reduce((sum, buffer) => sum + buffer.length, 0)
  const { bytesWritten } = await handle.writev(buffers, position)
  if (bytesWritten === length) return
  await writeFully(handle, [Buffer.concat(buffers).subarray(bytesWritten)], position + bytesWritten)
}

export interface ReplayOptions {
  /** Called for each whole frame, in the order of writing within a segment. */
  readonly onFrame: (location: FrameLocation, payload: Buffer) => void
  /** Asked before each segment, newest first: false leaves it and all older ones unread on the disk. */
  readonly wantsMore: () => boolean
}

/** What the start found on the disk. */
export interface ReplayReport {
  frames: number
  segments: number
  /** Segments left unread because `wantsMore` said so. */
  unreadSegments: number
  /** Bytes at the end of a file that were no whole frame and have been cut off. */
  tornBytes: number
  /** Bytes in the middle of a file that were no whole frame; frames behind them were still read. */
  damagedBytes: number
}

/** Reads the segments of a directory, newest first, and cuts off torn tails. */
export async function replaySegments(
  directory: string,
  options: ReplayOptions,
): Promise<{ report: ReplayReport; segments: Segment[] }> {
  const report: ReplayReport = { frames: 0, segments: 0, unreadSegments: 0, tornBytes: 0, damagedBytes: 0 }
  const segments: Segment[] = []
  for (const id of (await listSegmentIds(directory)).reverse()) {
    const path = segmentPath(directory, id)
    const { size, mtimeMs } = await stat(path)
    const segment: Segment = { id, path, bytes: size, lastWriteMs: mtimeMs }
    if (options.wantsMore()) await readSegment(segment, options, report)
    else report.unreadSegments += 1
    if (segment.bytes > 0) segments.push(segment)
    else await unlink(path)
  }
  return { report, segments }
}

async function readSegment(segment: Segment, options: ReplayOptions, report: ReplayReport): Promise<void> {
  report.segments += 1
  const file = await readFile(segment.path)
  for (const found of scanFrames(file)) {
    if (found.kind === 'frame') {
      report.frames += 1
      const { payloadOffset: offset, payload } = found
      options.onFrame({ segment: segment.id, offset, length: payload.length }, payload)
    } else if (found.offset + found.length === file.length) {
      report.tornBytes += found.length
      segment.bytes = found.offset
      await truncate(segment.path, found.offset)
    } else {
      report.damagedBytes += found.length
    }
  }
}
