import { SpanKind } from '@opentelemetry/api'
import fc from 'fast-check'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { RecordedSpan } from '../trace/span.ts'
import { formatAccessLine } from './access-line.ts'
import { ACCESS_MESSAGE, type AccessRecord } from './access-record.ts'

const span = new RecordedSpan(
  {
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId: '00f067aa0ba902b7',
    parentSpanId: undefined,
    traceState: '',
    kept: false,
    kind: SpanKind.SERVER,
    name: 'GET',
    startMs: 0,
    scope: { name: 'test', version: undefined },
  },
  { onEnd: () => undefined },
)

describe('access line', () => {
  it('is what pino would have written', () => {
    const text = fc.string({ unit: 'binary' })
    const optional = fc.option(text, { nil: undefined })
    const record: fc.Arbitrary<AccessRecord> = fc.record({
      level: fc.constantFrom('info', 'error'),
      span: fc.constantFrom(undefined, span),
      fields: fc.record({
        'http.request.method': fc.constantFrom('GET', '_OTHER'),
        'http.route': optional,
        'url.path': text,
        'http.response.status_code': fc.integer({ min: 100, max: 599 }),
        'http.server.request.duration': fc.double({ min: 0, max: 1e6, noNaN: true, noDefaultInfinity: true }),
        'request.id': optional,
        'error.type': optional,
      }),
    })
    let written = ''
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
    let current: object = {}
    fc.assert(
      fc.property(record, (one) => {
        current = one.span ? { trace_id: one.span.traceId, span_id: one.span.spanId } : {}
        logger[one.level](one.fields, ACCESS_MESSAGE)
        const line = formatAccessLine(one, 1_763_875_155_123)
        expect(JSON.parse(line)).toEqual(JSON.parse(written))
        expect(line.indexOf('\n')).toBe(line.length - 1)
      }),
    )
  })
})
