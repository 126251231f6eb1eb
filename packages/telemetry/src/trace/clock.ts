import { performance } from 'node:perf_hooks'

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

/** Nanoseconds since the Unix epoch of a monotonic reading; exact to 256 ns, a double's step at that size. */
export function toUnixNanos(monotonic: number): number {
  return (monotonic + wallOffsetMs) * 1e6
}

/** Milliseconds since the Unix epoch of a monotonic reading. */
export function toUnixMs(monotonic: number): number {
  return monotonic + wallOffsetMs
}

/** Monotonic reading of a time in milliseconds since the Unix epoch. */
export function fromUnixMs(unixMs: number): number {
  return unixMs - wallOffsetMs
}
