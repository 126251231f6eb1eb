import { readFile, stat, truncate, unlink } from 'node:fs/promises'
import { scanFrames } from './frame.ts'
import { listSegmentIds, type Segment, segmentPath } from './segment-file.ts'
import type { FrameLocation } from './segment-log.ts'

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
