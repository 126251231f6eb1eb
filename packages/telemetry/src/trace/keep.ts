import type { SpanContext } from '@opentelemetry/api'

/** Share of traces that a service marks where it starts them, 0 to 1. */
export const KEEP_RATIO = 0.1
/** Milliseconds from which a trace is kept for its duration. */
export const SLOW_THRESHOLD_MS = 500
/** Milliseconds that the tail sampler waits for a trace's spans before it decides. */
export const DECISION_WAIT_MS = 5_000

/** Tracestate member that tells services downstream to mark their server span, too. */
export const KEEP_KEY = 'faultline'
export const KEEP_VALUE = 'keep'
export const KEEP_MEMBER = `${KEEP_KEY}=${KEEP_VALUE}`
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

/** Whether the trace that a span belongs to carries the keep mark. */
export function isKept({ traceState }: SpanContext): boolean {
  return traceState !== undefined && traceState.get(KEEP_KEY) === KEEP_VALUE
}
