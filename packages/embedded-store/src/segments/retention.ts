import type { SegmentLog } from './segment-log.ts'

export interface RetentionLimits {
  readonly maxAgeMs: number
  /** Bytes on the disk of all logs together. */
  readonly maxBytes: number
}

export interface DroppedSegment<Log> {
  readonly log: Log
  readonly segment: number
  readonly bytes: number
  readonly reason: 'age' | 'size'
}

/**
 * Drops whole segments that are older than the limit, then the oldest of all logs until their sum fits. A segment's
 * age is that of its newest frame. The segment being written is closed when it is too old and goes in a later run.
 */
export async function applyRetention<Log extends SegmentLog>(
  logs: readonly Log[],
  limits: RetentionLimits,
  nowMs: number,
): Promise<DroppedSegment<Log>[]> {
  const dropped: DroppedSegment<Log>[] = []
  const all = logs.flatMap((log) => log.segments().map((segment) => ({ log, segment })))
  all.sort((a, b) => a.segment.lastWriteMs - b.segment.lastWriteMs)
  let total = all.reduce((sum, { segment }) => sum + segment.bytes, 0)
  for (const { log, segment } of all) {
    const tooOld = nowMs - segment.lastWriteMs > limits.maxAgeMs
    if (!tooOld && total <= limits.maxBytes) break
    if (log.isActive(segment.id)) {
      log.roll()
      continue
    }
    await log.drop(segment.id)
    total -= segment.bytes
    dropped.push({ log, segment: segment.id, bytes: segment.bytes, reason: tooOld ? 'age' : 'size' })
  }
  return dropped
}
