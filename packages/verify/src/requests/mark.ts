import { randomBytes } from 'node:crypto'

/**
 * How a request of verify's own is told from all others: by ids that only it has, and by the trace state
 * that asks every service to have the trace kept.
 */
export interface Mark {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits: the parent of the first span. */
  readonly spanId: string
  /** `marker-index`, which the services log. */
  readonly requestId: string
  readonly headers: Readonly<Record<string, string>>
}

/** A marker for one run of verify. */
export function newMarker(): string {
  return `verify-${randomBytes(4).toString('hex')}`
}

export function markRequest(marker: string, index: number): Mark {
  const traceId = randomBytes(16).toString('hex')
  const spanId = randomBytes(8).toString('hex')
  const requestId = `${marker}-${index}`
  return {
    traceId,
    spanId,
    requestId,
    headers: {
      traceparent: `00-${traceId}-${spanId}-01`,
      tracestate: 'faultline=keep',
      'x-request-id': requestId,
      'user-agent': `faultline-verify (${marker})`,
    },
  }
}
