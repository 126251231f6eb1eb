import {
  type Attributes,
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { type Sampler, SamplingDecision, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import {
  type ExemplarMetricsOptions,
  ExemplarMetricsProcessor,
} from '../src/metrics/exemplar-metrics-processor.ts'
import { createRegistry } from '../src/metrics/registry.ts'

/** Records as the SDK's sampler result says, and leaves the trace unmarked. */
export function deciding(decision: SamplingDecision): Sampler {
  return { shouldSample: () => ({ decision }), toString: () => 'deciding' }
}

/** A value of the exposition, with its labels sorted by name. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  /** Span id of the exemplar. */
  readonly exemplar?: string
}

export interface SpanToMake {
  readonly kind?: SpanKind
  readonly attributes?: Attributes
  /** Set when it ends. */
  readonly late?: Attributes
  readonly name?: string
  /** 1,000 is the end of a span that took one second. */
  readonly ms?: number
  /** Ends with status ERROR. */
  readonly failed?: boolean
  readonly exception?: Error
}

/** Spans of the SDK, and the metrics that the processor makes of them. */
export class Spans {
  readonly register = createRegistry()
  readonly processor: ExemplarMetricsProcessor
  readonly tracer: ReturnType<TracerProvider['getTracer']>

  constructor(
    options: Partial<ExemplarMetricsOptions> = {},
    sampler = deciding(SamplingDecision.RECORD_AND_SAMPLED),
    others: readonly SpanProcessor[] = [],
  ) {
    this.processor = new ExemplarMetricsProcessor({ register: this.register, ...options })
    const provider = new TracerProvider({ sampler, spanProcessors: [...others, this.processor] })
    this.tracer = provider.getTracer('test')
  }

  /** Starts at the epoch, plus `startMs`. */
  start(options: SpanOptions & { name?: string; startMs?: number }, parent: Context = ROOT_CONTEXT): Span {
    const { name = 'span', startMs = 0, ...rest } = options
    return this.tracer.startSpan(name, { startTime: hrTime(startMs), ...rest }, parent)
  }

  end(span: Span, { late, ms = 10, failed = false, exception }: SpanToMake = {}): Span {
    if (late) span.setAttributes(late)
    if (exception) span.recordException(exception)
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end(hrTime(ms))
    return span
  }

  /** A span that starts and ends, `inner` while it runs. */
  make(what: SpanToMake, parent: Context = ROOT_CONTEXT, inner: (context: Context) => void = () => {}): Span {
    const { kind = SpanKind.INTERNAL, attributes = {}, name } = what
    const span = this.start({ kind, attributes, ...(name !== undefined && { name }) }, parent)
    inner(trace.setSpan(parent, span))
    return this.end(span, what)
  }

  /** Samples of one name. */
  async samples(name: string): Promise<Sample[]> {
    const lines = (await this.register.metrics()).split('\n')
    return lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `)).map(parse)
  }

  /** Labels of the series of a histogram and how much each has counted. */
  async counts(histogram: string): Promise<[Sample['labels'], number][]> {
    return (await this.samples(`${histogram}_count`)).map(({ labels, value }) => [labels, value])
  }

  /** Span ids of a histogram's exemplars. */
  async exemplars(histogram: string): Promise<string[]> {
    return (await this.samples(`${histogram}_bucket`)).flatMap(({ exemplar }) => exemplar ?? [])
  }
}

/** Context of a caller in another process. */
export function remote({ isMarked = false, isSampled = true } = {}): Context {
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId: '00f067aa0ba902b7',
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(isMarked && { traceState: createTraceState('vendor=1,faultline=keep') }),
  })
}

function hrTime(ms: number): [number, number] {
  return [Math.floor(ms / 1e3), Math.round((ms % 1e3) * 1e6)]
}

function parse(line: string): Sample {
  const [sample = '', exemplar = ''] = line.split(' # ')
  const [, text = ''] = /\{(.*)\}/.exec(sample) ?? []
  const labels = Object.fromEntries(
    [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name ?? '', value ?? '']),
  )
  const [, spanId] = /span_id="(\w+)"/.exec(exemplar) ?? []
  return {
    labels,
    value: Number(sample.split(' ').at(-1)),
    ...(spanId !== undefined && { exemplar: spanId }),
  }
}
