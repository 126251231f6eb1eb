import { context, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AsyncLocalContextManager } from './context-manager.ts'
import { TraceContextPropagator } from './propagator.ts'
import { RecordedSpan } from './span.ts'
import { LightTracerProvider } from './tracer.ts'

describe('tracing through the OpenTelemetry API', () => {
  let ended: RecordedSpan[]

  beforeEach(() => {
    ended = []
    context.setGlobalContextManager(new AsyncLocalContextManager())
    propagation.setGlobalPropagator(new TraceContextPropagator())
    trace.setGlobalTracerProvider(new LightTracerProvider({ onEnd: (span) => ended.push(span) }, 1))
  })

  afterEach(() => {
    trace.disable()
    context.disable()
    propagation.disable()
  })

  it('makes the active span the parent, across awaits', async () => {
    await trace.getTracer('app').startActiveSpan('outer', async (outer) => {
      await Promise.resolve()
      trace.getTracer('app').startActiveSpan('inner', (inner) => inner.end())
      outer.end()
    })
    const [inner, outer] = ended
    expect(inner?.parentSpanId).toBe(outer?.spanId)
    expect(inner?.traceId).toBe(outer?.traceId)
    expect(outer?.parentSpanId).toBeUndefined()
  })

  it('keeps concurrent requests apart', async () => {
    const tracer = trace.getTracer('app')
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        tracer.startActiveSpan(`request ${index}`, async (span) => {
          await new Promise((resolve) => setImmediate(resolve))
          expect(trace.getActiveSpan()).toBe(span)
          span.end()
        }),
      ),
    )
    expect(trace.getActiveSpan()).toBeUndefined()
    expect(new Set(ended.map(({ traceId }) => traceId)).size).toBe(20)
  })

  it('marks a trace that starts here as kept, and hands the mark on', () => {
    const span = trace.getTracer('app').startSpan('job')
    const carrier: Record<string, string> = {}
    propagation.inject(trace.setSpan(ROOT_CONTEXT, span), carrier)
    span.end()
    expect(ended[0]?.attributes).toEqual(['sampling.keep', true])
    expect(carrier).toEqual({
      traceparent: `00-${ended[0]?.traceId}-${ended[0]?.spanId}-01`,
      tracestate: 'faultline=keep',
    })
  })

  it('goes on with a remote parent and its state', () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00'
    const remote = propagation.extract(ROOT_CONTEXT, { traceparent, tracestate: 'vendor=1,faultline=keep' })
    trace.getTracer('app').startSpan('child', { kind: SpanKind.CONSUMER }, remote).end()
    expect(ended[0]).toMatchObject({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      parentSpanId: '00f067aa0ba902b7',
      traceState: 'vendor=1,faultline=keep',
      kept: true,
    })
  })

  it('starts anew when the header is broken or doubled', () => {
    for (const traceparent of [
      'nonsense',
      ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00', 'again'],
    ]) {
      expect(propagation.extract(ROOT_CONTEXT, { traceparent })).toBe(ROOT_CONTEXT)
    }
  })

  it('binds callbacks to a context', () => {
    const span = trace.getTracer('app').startSpan('job')
    const bound = context.bind(trace.setSpan(context.active(), span), (_a: number, _b: number) =>
      trace.getActiveSpan(),
    )
    expect(bound).toHaveLength(2)
    expect(bound(1, 2)).toBe(span)
    expect(trace.getActiveSpan()).toBeUndefined()
  })

  it('forgets a deleted value and finds one set further out', () => {
    const key = Symbol('key')
    const outer = context.active().setValue(key, 1)
    expect(outer.setValue(Symbol('other'), 2).getValue(key)).toBe(1)
    expect(outer.deleteValue(key).getValue(key)).toBeUndefined()
  })

  it('ends a span once', () => {
    const span = trace.getTracer('app').startSpan('job')
    span.end()
    span.end()
    expect(ended).toHaveLength(1)
    expect(span.isRecording()).toBe(false)
    expect(span).toBeInstanceOf(RecordedSpan)
  })
})
