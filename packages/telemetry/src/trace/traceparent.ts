/** The fields of a `traceparent` header. Format: https://www.w3.org/TR/trace-context/#traceparent-header */
export interface TraceParent {
  /** 32 lowercase hex digits, not all zero. */
  readonly traceId: string
  /** 16 lowercase hex digits, not all zero. */
  readonly spanId: string
  readonly flags: number
}

const PATTERN = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?:$|-)/

/** @returns undefined for anything the specification calls invalid, which means: start a new trace */
export function parseTraceparent(header: string): TraceParent | undefined {
  // Version 00 has exactly 55 characters; a later version may go on after another dash.
  if (header.length !== 55 && (header.length < 55 || header.startsWith('00'))) return undefined
  const match = PATTERN.exec(header)
  if (!match) return undefined
  const [, traceId = '', spanId = '', flags = ''] = match
  return { traceId, spanId, flags: Number.parseInt(flags, 16) }
}

/** Writes version 00 with the sampled flag: every span is recorded, the tail sampler decides. */
export function formatTraceparent(traceId: string, spanId: string): string {
  return `00-${traceId}-${spanId}-01`
}
