/** Tracestate member that tells services downstream to mark their server span, too. */
export const KEEP_MEMBER = 'faultline=keep'
/** Span attribute the collector's tail sampler keeps a trace for. */
export const KEEP_ATTRIBUTE = 'sampling.keep'

const RANDOM_DIGITS = 13

/**
 * Decides by the trace id's last 52 bits, so that every service that knows the ratio would decide alike.
 * @param ratio share of traces to keep, 0 to 1
 */
export function isKeptByRatio(traceId: string, ratio: number): boolean {
  if (ratio >= 1) return true
  return Number.parseInt(traceId.slice(-RANDOM_DIGITS), 16) < ratio * 2 ** (4 * RANDOM_DIGITS)
}

/** Whether a `tracestate` header has the keep mark among its members. */
export function hasKeepMark(traceState: string): boolean {
  if (traceState === KEEP_MEMBER) return true
  if (!traceState.includes(KEEP_MEMBER)) return false
  return traceState.split(',').some((member) => member.trim() === KEEP_MEMBER)
}
