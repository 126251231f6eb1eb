import {
  type Context,
  context,
  type Span,
  SpanKind,
  type SpanOptions,
  type Tracer,
  type TracerOptions,
  type TracerProvider,
  trace,
} from '@opentelemetry/api'
import { monotonicMs } from './clock.ts'
import { newSpanId, newTraceId } from './ids.ts'
import { hasKeepMark, isKeptByRatio, KEEP_MEMBER } from './keep.ts'
import { RecordedSpan, type SpanScope, type SpanSink, type SpanStart, toMonotonic } from './span.ts'

/** A parent as far as a child needs it. */
export interface ParentContext {
  readonly traceId: string
  readonly spanId: string
  readonly traceState: string
  readonly kept: boolean
  /** Of a span of this process, see {@link RecordedSpan.late}. */
  readonly late?: boolean
}

export class LightTracer implements Tracer {
  readonly #scope: SpanScope
  readonly #sink: SpanSink
  readonly #keepRatio: number

  constructor(scope: SpanScope, sink: SpanSink, keepRatio: number) {
    this.#scope = scope
    this.#sink = sink
    this.#keepRatio = keepRatio
  }

  startSpan(name: string, options: SpanOptions = {}, parentContext: Context = context.active()): Span {
    const parent = options.root ? undefined : parentOf(trace.getSpan(parentContext))
    const span = this.start(name, options.kind ?? SpanKind.INTERNAL, parent, toMonotonic(options.startTime))
    if (options.attributes) span.setAttributes(options.attributes)
    if (options.links) span.addLinks(options.links)
    return span
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, fn: F): ReturnType<F>
  startActiveSpan<F extends (span: Span) => unknown>(name: string, options: SpanOptions, fn: F): ReturnType<F>
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    options: SpanOptions,
    parentContext: Context,
    fn: F,
  ): ReturnType<F>
  startActiveSpan(name: string, ...rest: unknown[]): unknown {
    const fn = rest.pop() as (span: Span) => unknown
    const [options = {}, parentContext = context.active()] = rest as [SpanOptions?, Context?]
    const span = this.startSpan(name, options, parentContext)
    return context.with(trace.setSpan(parentContext, span), () => fn(span))
  }

  /** Starts a span without the API's wrapping. A trace that begins here gets its keep decision here. */
  start(
    name: string,
    kind: SpanKind,
    parent: ParentContext | undefined,
    startMs: number = monotonicMs(),
  ): RecordedSpan {
    const spanId = newSpanId()
    if (parent) {
      const { traceId, traceState, kept, late } = parent
      return this.#record({
        traceId,
        spanId,
        parentSpanId: parent.spanId,
        traceState,
        kept,
        late,
        kind,
        name,
        startMs,
      })
    }
    const traceId = newTraceId()
    const kept = isKeptByRatio(traceId, this.#keepRatio)
    const traceState = kept ? KEEP_MEMBER : ''
    const span = this.#record({
      traceId,
      spanId,
      parentSpanId: undefined,
      traceState,
      kept,
      kind,
      name,
      startMs,
    })
    // A server span is marked by the middleware, for remote parents as well.
    if (kept && kind !== SpanKind.SERVER) span.markKept()
    return span
  }

  #record(start: Omit<SpanStart, 'scope'>): RecordedSpan {
    return new RecordedSpan({ ...start, scope: this.#scope }, this.#sink)
  }
}

/** What a child of `span` inherits; spans of other providers and remote parents come as plain contexts. */
export function parentOf(span: Span | undefined): ParentContext | undefined {
  if (span instanceof RecordedSpan) return span
  if (!span) return undefined
  const { traceId, spanId, traceState } = span.spanContext()
  if (!/[^0]/.test(traceId)) return undefined
  const header = traceState?.serialize() ?? ''
  return { traceId, spanId, traceState: header, kept: hasKeepMark(header) }
}

export class LightTracerProvider implements TracerProvider {
  readonly #tracers = new Map<string, LightTracer>()
  readonly #sink: SpanSink
  readonly #keepRatio: number

  constructor(sink: SpanSink, keepRatio: number) {
    this.#sink = sink
    this.#keepRatio = keepRatio
  }

  getTracer(name: string, version?: string, _options?: TracerOptions): LightTracer {
    const key = `${name}@${version ?? ''}`
    let tracer = this.#tracers.get(key)
    if (!tracer) {
      tracer = new LightTracer({ name, version }, this.#sink, this.#keepRatio)
      this.#tracers.set(key, tracer)
    }
    return tracer
  }
}
