import {
  type Attributes,
  type Context,
  createTraceState,
  isSpanContextValid,
  type Link,
  SpanKind,
  trace,
} from '@opentelemetry/api'
import {
  AlwaysOnSampler,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  SamplingDecision,
  type SamplingResult,
} from '@opentelemetry/sdk-trace'
import { isKept, isKeptByRatio, KEEP_ATTRIBUTE, KEEP_KEY, KEEP_RATIO, KEEP_VALUE } from './keep.ts'

/** Kinds of a recorded parent that is a call, or is below one. */
const CALLS = new Set([SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.INTERNAL])

export interface KeepSamplerOptions {
  /** Share of the traces that start here that is marked, 0 to 1; {@link KEEP_RATIO} by default. */
  readonly ratio?: number | undefined
  /** Decides what is recorded and exported at all; by default as the parent did, and everything without one. */
  readonly sampler?: Sampler | undefined
}

/**
 * Marks the traces that the tail sampler keeps, as an exemplar must lead to one of them: a share of those that
 * start here, and those that come marked. What the wrapped sampler leaves out is still recorded where metrics are
 * made of it, but neither exported nor passed on as sampled.
 */
export class KeepSampler implements Sampler {
  readonly #ratio: number
  readonly #sampler: Sampler

  constructor({ ratio = KEEP_RATIO, sampler }: KeepSamplerOptions = {}) {
    this.#ratio = ratio
    this.#sampler = sampler ?? new ParentBasedSampler({ root: new AlwaysOnSampler() })
  }

  shouldSample(
    context: Context,
    traceId: string,
    spanName: string,
    kind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult {
    const result = this.#sampler.shouldSample(context, traceId, spanName, kind, attributes, links)
    if (result.decision === SamplingDecision.NOT_RECORD) {
      return isMeasured(kind, context) ? { ...result, decision: SamplingDecision.RECORD } : result
    }
    if (result.decision !== SamplingDecision.RECORD_AND_SAMPLED) return result
    const parent = trace.getSpanContext(context)
    if (!parent || !isSpanContextValid(parent)) {
      return isKeptByRatio(traceId, this.#ratio) ? this.#marked(result) : result
    }
    return parent.isRemote && isKept(parent) ? withAttribute(result) : result
  }

  toString(): string {
    return `KeepSampler{${this.#ratio}, ${this.#sampler}}`
  }

  #marked(result: SamplingResult): SamplingResult {
    const traceState = (result.traceState ?? createTraceState()).set(KEEP_KEY, KEEP_VALUE)
    return { ...withAttribute(result), traceState }
  }
}

/** Metrics are made of every kind but INTERNAL; below a call, an INTERNAL span shows that another call is within it. */
function isMeasured(kind: SpanKind, context: Context): boolean {
  if (kind !== SpanKind.INTERNAL) return true
  const parent = trace.getSpan(context) as Partial<ReadableSpan> | undefined
  return parent?.kind !== undefined && CALLS.has(parent.kind)
}

function withAttribute(result: SamplingResult): SamplingResult {
  return { ...result, attributes: { ...result.attributes, [KEEP_ATTRIBUTE]: true } }
}
