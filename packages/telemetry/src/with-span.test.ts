import { context, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AsyncLocalContextManager } from './trace/context-manager.ts'
import type { RecordedSpan } from './trace/span.ts'
import { LightTracerProvider } from './trace/tracer.ts'
import { runInSpan } from './with-span.ts'

describe('withSpan', () => {
  let ended: RecordedSpan[]

  beforeEach(() => {
    ended = []
    context.setGlobalContextManager(new AsyncLocalContextManager())
    trace.setGlobalTracerProvider(new LightTracerProvider({ onEnd: (span) => ended.push(span) }, 0))
  })

  afterEach(() => {
    trace.disable()
    context.disable()
  })

  it('is active inside and ends with the result', () => {
    const active = runInSpan('test', 'job', { attributes: { a: 1 } }, () => trace.getActiveSpan())
    expect(ended).toEqual([active])
    expect(ended[0]?.attributes).toEqual(['a', 1])
  })

  it('ends when the promise settles, not before', async () => {
    const { promise, resolve } = Promise.withResolvers<number>()
    const result = runInSpan('test', 'job', {}, () => promise)
    expect(ended).toHaveLength(0)
    resolve(7)
    expect(await result).toBe(7)
    expect(ended).toHaveLength(1)
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
    await expect(async () => runInSpan('test', 'job', {}, failWith(error))).rejects.toBe(error)
    expect(ended[0]).toMatchObject({ statusCode: SpanStatusCode.ERROR, statusMessage: 'out of seats' })
    expect(ended[0]?.events?.[0]).toMatchObject({
      name: 'exception',
      attributes: { 'exception.type': 'RangeError', 'exception.message': 'out of seats' },
    })
  })

  it('works without a provider', () => {
    trace.disable()
    expect(runInSpan('test', 'job', {}, () => 1)).toBe(1)
  })
})
