import { type SpanContext, TraceFlags } from '@opentelemetry/api'
import fc from 'fast-check'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { decoded, TestPipeline, useContexts } from '../../test/logs/pipeline.ts'
import { ACCESS_MESSAGE, type AccessRecord, formatAccessLine } from './access-line.ts'

const spanContext: SpanContext = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  traceFlags: TraceFlags.SAMPLED,
}

const text = fc.string({ unit: 'binary' })
const optional = fc.option(text, { nil: undefined })
const record: fc.Arbitrary<AccessRecord> = fc.record({
  level: fc.constantFrom('info', 'error'),
  spanContext: fc.constantFrom(undefined, spanContext),
  fields: fc.record({
    'http.request.method': fc.constantFrom('GET', '_OTHER'),
    'http.route': optional,
    'url.path': text,
    'http.response.status_code': fc.option(fc.integer({ min: 100, max: 599 }), { nil: undefined }),
    'http.server.request.duration': fc.double({ min: 0, max: 1e6, noNaN: true, noDefaultInfinity: true }),
    'request.id': optional,
    'error.type': optional,
  }),
})

const fields = {
  'http.request.method': 'GET',
  'http.route': '/v1/concerts',
  'url.path': '/v1/concerts',
  'http.response.status_code': 500,
  'http.server.request.duration': 0.25,
  'request.id': undefined,
  'error.type': 'RangeError',
}

describe('access line', () => {
  it('is what pino would have written', () => {
    let written = ''
    let current: object = {}
    const logger = pino(
      {
        base: null,
        timestamp: () => ',"time":1763875155123',
        formatters: { level: (label) => ({ level: label }) },
        mixin: () => current,
      },
      {
        write: (line) => {
          written = line
        },
      },
    )
    fc.assert(
      fc.property(record, (one) => {
        current = one.spanContext
          ? { trace_id: one.spanContext.traceId, span_id: one.spanContext.spanId }
          : {}
        logger[one.level](one.fields, ACCESS_MESSAGE)
        const line = formatAccessLine(one, 1_763_875_155_123)
        expect(JSON.parse(line)).toEqual(JSON.parse(written))
        expect(line.indexOf('\n')).toBe(line.length - 1)
      }),
    )
  })

  it('is the same record in OTLP, formatted by hand or written by pino', () => {
    using _contexts = useContexts()
    const [byHand, byPino] = [new TestPipeline(), new TestPipeline({ pino: {} })]
    fc.assert(
      fc.property(record, (one) => {
        const [first, second] = [byHand, byPino].map((each) => {
          each.pipeline.access(one)
          const { timeNanos, bytes, ...rest } = decoded(each.take())
          expect(timeNanos).toBeGreaterThan(0n)
          return rest
        })
        expect(first).toEqual(second)
        expect(first).toMatchObject({ body: ACCESS_MESSAGE, traceId: one.spanContext?.traceId ?? '' })
      }),
    )
  })

  it('has the exception that somebody caught', () => {
    using _contexts = useContexts()
    const test = new TestPipeline()
    test.pipeline.access({ level: 'error', fields, spanContext, err: new RangeError('no seats') })
    expect(decoded(test.take())).toMatchObject({
      severityText: 'error',
      traceId: spanContext.traceId,
      attributes: {
        'http.response.status_code': 500,
        'exception.type': 'RangeError',
        'exception.message': 'no seats',
        'exception.stacktrace': expect.stringContaining('no seats\n    at '),
      },
    })
  })

  it('has no status when the client left', () => {
    const test = new TestPipeline()
    test.pipeline.access({ level: 'info', fields: { ...fields, 'http.response.status_code': undefined } })
    expect(decoded(test.take()).attributes).not.toHaveProperty(['http.response.status_code'])
  })

  it('obeys the level, and the nearest one where the standard ones are missing', () => {
    const quiet = new TestPipeline({ level: 'error' })
    quiet.pipeline.access({ level: 'info', fields })
    expect(quiet.records).toHaveLength(0)

    const custom = new TestPipeline({
      pino: { customLevels: { calm: 20, urgent: 50 }, useOnlyCustomLevels: true },
    })
    custom.pipeline.access({ level: 'error', fields })
    expect(decoded(custom.take())).toMatchObject({
      severityText: 'urgent',
      severityNumber: 'SEVERITY_NUMBER_ERROR',
    })
  })
})
