import { context, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { safeAttributes } from './safe-attributes.ts'
import { runInSpan } from './spans.ts'

describe('withSpan', () => {
  let exporter: InMemorySpanExporter
  const ended = () => exporter.getFinishedSpans()

  beforeEach(() => {
    exporter = new InMemorySpanExporter()
    context.setGlobalContextManager(new AsyncLocalStorageContextManager())
    const spanProcessors = [safeAttributes, new SimpleSpanProcessor({ exporter })]
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }))
  })

  afterEach(() => {
    trace.disable()
    context.disable()
  })

  it('is active inside and ends with the result', () => {
    const active = runInSpan(trace.getTracer('test'), 'job', { a: 1 }, () => trace.getActiveSpan())
    expect(ended()).toEqual([active])
    expect(ended()[0]?.attributes).toEqual({ a: 1 })
  })

  it('ends when the promise settles, not before', async () => {
    const { promise, resolve } = Promise.withResolvers<number>()
    const result = runInSpan(trace.getTracer('test'), 'job', {}, () => promise)
    expect(ended()).toHaveLength(0)
    resolve(7)
    expect(await result).toBe(7)
    expect(ended()).toHaveLength(1)
  })

  const failures: [string, (error: Error) => (span: Span) => unknown][] = [
    [
      'a throw',
      (error) => () => {
        throw error
      },
    ],
    ['a rejection', (error) => () => Promise.reject(error)],
  ]
  it.each(failures)('records %s and hands it on', async (_what, failWith) => {
    const error = new RangeError('out of seats')
    await expect(async () => runInSpan(trace.getTracer('test'), 'job', {}, failWith(error))).rejects.toBe(
      error,
    )
    const status = { code: SpanStatusCode.ERROR, message: 'out of seats' }
    expect(ended()[0]).toMatchObject({ status })
    expect(ended()[0]?.events[0]).toMatchObject({
      name: 'exception',
      attributes: { 'exception.type': 'RangeError', 'exception.message': 'out of seats' },
    })
  })

  it('leaves out an attribute that cannot be read, and nothing else', () => {
    const throwing = {
      get value(): string {
        throw new Error('no')
      },
    }
    const cycle: unknown[] = []
    cycle.push(cycle)
    const outer = Object.defineProperty(
      { beside: 2 },
      'value',
      Object.getOwnPropertyDescriptor(throwing, 'value') ?? {},
    )
    const attributes = { throwing, cycle, deep: { a: { b: [1n] } }, fine: 1 } as never
    const fn = (span: Span) => span.setAttributes(outer)
    expect(() => runInSpan(trace.getTracer('test'), 'job', attributes, fn)).not.toThrow()
    expect(ended()[0]?.attributes).toEqual({ fine: 1, beside: 2 })
  })

  it('works without a provider', () => {
    trace.disable()
    expect(runInSpan(trace.getTracer('test'), 'job', {}, () => 1)).toBe(1)
  })
})
