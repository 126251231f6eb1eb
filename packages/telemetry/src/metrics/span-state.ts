import {
  type Span as ApiSpan,
  type Context,
  type HrTime,
  isSpanContextValid,
  SpanKind,
  trace,
} from '@opentelemetry/api'
import { getRPCMetadata } from '@opentelemetry/core'
import type { Span } from '@opentelemetry/sdk-trace'

const STATE = Symbol('faultline.span-metrics')

/**
 * What the metrics have to know of a span's ancestors in this process. An INTERNAL span shares the state of the
 * span above it: nothing is counted of it, and it stands in nobody's way.
 */
export interface SpanState {
  readonly kind: SpanKind
  /** The SERVER span whose request this is part of, or is: the one that counts. */
  server: SpanState | undefined
  /** The CLIENT or PRODUCER span around this one. */
  outer: SpanState | undefined
  /** A second SERVER span of one request, or a message of a batch that was counted when it was received. */
  readonly isWithin: boolean
  /** When the first span of this trace began in this process. */
  readonly rootStart: HrTime
  /**
   * Belongs to a message that was waiting: the tail sampler may have decided about the trace before, so that an
   * error or a long duration keeps nothing any more.
   */
  readonly isLate: boolean
  /** Classes of outgoing operations that were seen below this span, as bits. */
  inner: number
  hasEnded: boolean
  /** Route that a span below told. */
  route: string | undefined
  /** Method under which the request is counted as active. */
  activeMethod: string | undefined
}

interface Tracked {
  [STATE]?: SpanState
}

export function stateOf(span: object): SpanState | undefined {
  return (span as Tracked)[STATE]
}

/** Finds a span's place among its ancestors and remembers it on the span. */
export function trackSpan(span: Span, parentContext: Context): SpanState {
  const known = stateOf(span)
  // A second processor of the same provider; its end must find what began.
  if (known) return known
  const { kind } = span
  const parent = trace.getSpan(parentContext)
  const above = parent && aboveOf(parent, parentContext)
  const isRemote = parent?.spanContext().isRemote === true
  const isUnknown = parent !== undefined && !above && !isRemote && isSpanContextValid(parent.spanContext())
  const state =
    above && kind === SpanKind.INTERNAL
      ? above
      : createState(span, above, {
          // Who continues a trace without answering its caller does so later than the caller's spans were sent.
          isLate: isUnknown || (isRemote && kind !== SpanKind.SERVER),
          isFromBatch: kind === SpanKind.CONSUMER && parent !== undefined && isReceive(parent),
        })
  ;(span as Tracked)[STATE] = state
  return state
}

/** @returns milliseconds */
export function millisecondsBetween(from: HrTime, to: HrTime): number {
  return (to[0] - from[0]) * 1e3 + (to[1] - from[1]) / 1e6
}

/** @returns undefined for a remote parent, and for one that nothing is known of */
function aboveOf(parent: ApiSpan, parentContext: Context): SpanState | undefined {
  const state = stateOf(parent)
  if (state) return state
  const { isRemote, traceId } = parent.spanContext()
  if (isRemote) return undefined
  // A span in between is not recorded: whoever began the request may have left its span in the context.
  const server = getRPCMetadata(parentContext)?.span
  return server && server.spanContext().traceId === traceId ? stateOf(server) : undefined
}

function createState(
  { kind, startTime }: Span,
  above: SpanState | undefined,
  { isLate, isFromBatch }: { readonly isLate: boolean; readonly isFromBatch: boolean },
): SpanState {
  const isSecond = kind === SpanKind.SERVER && above?.kind === SpanKind.SERVER
  const state: SpanState = {
    kind,
    server: above?.server,
    outer: isOutgoing(kind) ? runningOutgoing(above) : undefined,
    isWithin: isSecond || isFromBatch,
    rootStart: above?.rootStart ?? startTime,
    isLate: above?.isLate ?? isLate,
    inner: 0,
    hasEnded: false,
    route: undefined,
    activeMethod: undefined,
  }
  if (kind === SpanKind.SERVER && !isSecond) state.server = state
  return state
}

/** Ends a CLIENT or PRODUCER span's part in what is around and below it. */
export function endOutgoing(state: SpanState): void {
  state.hasEnded = true
  state.outer = runningOutgoing(state.outer)
}

/** Ended ones are passed over, so that a call that leads to the next, and so on, holds no chain of them in memory. */
function runningOutgoing(above: SpanState | undefined): SpanState | undefined {
  let outer = above
  while (outer?.hasEnded) outer = outer.outer
  return outer && isOutgoing(outer.kind) ? outer : undefined
}

function isOutgoing(kind: SpanKind): boolean {
  return kind === SpanKind.CLIENT || kind === SpanKind.PRODUCER
}

function isReceive(parent: ApiSpan): boolean {
  const { attributes } = parent as Partial<Span>
  return (attributes?.['messaging.operation.type'] ?? attributes?.['messaging.operation']) === 'receive'
}
