import {
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import {
  AlwaysOffSampler,
  RandomIdGenerator,
  SamplingDecision,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { describe, expect, it } from 'vitest'
import { KeepSampler, type KeepSamplerOptions } from './keep-sampler.ts'

const ids = new RandomIdGenerator()
const { NOT_RECORD, RECORD, RECORD_AND_SAMPLED } = SamplingDecision

function sample(options: KeepSamplerOptions, parent?: Partial<SpanContext>, kind = SpanKind.SERVER) {
  const traceId = ids.generateTraceId()
  const spanId = ids.generateSpanId()
  const context = parent
    ? trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, ...parent })
    : ROOT_CONTEXT
  const result = new KeepSampler(options).shouldSample(context, traceId, 'span', kind, {}, [])
  return {
    decision: result.decision,
    marked: result.attributes?.['sampling.keep'] === true,
    state: result.traceState?.serialize(),
  }
}

describe('keep sampler', () => {
  it('marks a trace where it starts, by the ratio', () => {
    const marked = { decision: RECORD_AND_SAMPLED, marked: true, state: 'faultline=keep' }
    expect(sample({ ratio: 1 })).toEqual(marked)
    expect(sample({ ratio: 0 })).toEqual({ decision: RECORD_AND_SAMPLED, marked: false, state: undefined })
  })

  it('marks the span of a remote caller that has the mark, whatever the ratio, and not those below', () => {
    const traceState = createTraceState('vendor=1,faultline=keep')
    expect(sample({ ratio: 0 }, { isRemote: true, traceState }).marked).toBe(true)
    expect(sample({ ratio: 0 }, { traceState }).marked).toBe(false)
    expect(sample({ ratio: 1 }, { isRemote: true, traceState: createTraceState('vendor=1') }).marked).toBe(
      false,
    )
  })

  it.each(['faultline=keeper', 'notfaultline=keep', 'a=faultline'])('sees no mark in %s', (state) => {
    expect(sample({ ratio: 0 }, { isRemote: true, traceState: createTraceState(state) }).marked).toBe(false)
  })

  it('records what is not sampled where metrics are made of it, and marks nothing of it', () => {
    const off = { ratio: 1, sampler: new AlwaysOffSampler() }
    for (const kind of [SpanKind.SERVER, SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER]) {
      expect(sample(off, undefined, kind)).toEqual({ decision: RECORD, marked: false, state: undefined })
    }
    expect(sample(off, undefined, SpanKind.INTERNAL).decision).toBe(NOT_RECORD)
  })

  it('records what is below a call, so that the innermost of nested calls is told', () => {
    const provider = new TracerProvider({ sampler: new KeepSampler({ sampler: new AlwaysOffSampler() }) })
    const start = (kind: SpanKind, parent?: Span) =>
      provider
        .getTracer('test')
        .startSpan('span', { kind }, parent ? trace.setSpan(ROOT_CONTEXT, parent) : ROOT_CONTEXT)
    const client = start(SpanKind.CLIENT)
    const below = start(SpanKind.INTERNAL, start(SpanKind.INTERNAL, client))
    expect(below.isRecording()).toBe(true)
    expect(start(SpanKind.INTERNAL, start(SpanKind.SERVER)).isRecording()).toBe(false)
    expect(start(SpanKind.INTERNAL, start(SpanKind.INTERNAL)).isRecording()).toBe(false)
  })

  it('follows a caller that does not sample', () => {
    const parent = {
      isRemote: true,
      traceFlags: TraceFlags.NONE,
      traceState: createTraceState('faultline=keep'),
    }
    expect(sample({ ratio: 1 }, parent)).toMatchObject({ decision: RECORD, marked: false })
  })
})
