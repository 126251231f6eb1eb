import type { HrTime } from '@opentelemetry/api'

/**
 * Spans are timed on the monotonic clock and shown on the wall clock. The distance of the two is taken anew
 * now and then (`syncClock`), because it drifts over the weeks a server runs.
 */
let wallOffsetMs = performance.timeOrigin

export function syncClock(): void {
  const offset = Date.now() - performance.now()
  // Date.now() is cut to whole milliseconds; below that the better reading of timeOrigin stays.
  if (Math.abs(offset - wallOffsetMs) > 2) wallOffsetMs = offset
}

/** Milliseconds on the monotonic clock. */
export function monotonicMs(): number {
  return performance.now()
}

/** Milliseconds since the Unix epoch of a monotonic reading. */
export function toUnixMs(monotonic: number): number {
  return monotonic + wallOffsetMs
}

/** A monotonic reading as the SDK keeps time: it takes such a pair as it is, where a number costs it three. */
export function toHrTime(monotonic: number): HrTime {
  const unixMs = monotonic + wallOffsetMs
  const seconds = Math.floor(unixMs / 1e3)
  return [seconds, Math.round((unixMs - seconds * 1e3) * 1e6)]
}
