import { context, ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from '@opentelemetry/api'
import { type LoggerOptions, pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decoded, TestPipeline, useContexts } from '../../test/logs/pipeline.ts'
import { defaults } from '../options.ts'
import { createLogPipeline } from './logger.ts'

const spanContext: SpanContext = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  traceFlags: TraceFlags.SAMPLED,
}
const other = { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' }
const inSpan = (fn: () => void) => context.with(trace.setSpanContext(ROOT_CONTEXT, spanContext), fn)

let contexts: Disposable
beforeAll(() => {
  contexts = useContexts()
})
afterAll(() => contexts[Symbol.dispose]())

/** The record of one line. */
function record(options: LoggerOptions, write: (logger: pino.Logger) => void): ReturnType<typeof decoded> {
  const test = new TestPipeline({ pino: options })
  write(test.pipeline.logger)
  return decoded(test.take())
}

describe('correlation', () => {
  it('is with the active span', () => {
    const test = new TestPipeline()
    inSpan(() => test.pipeline.logger.warn({ seats: 3 }, 'few left'))
    expect(decoded(test.take())).toMatchObject({
      severityNumber: 'SEVERITY_NUMBER_WARN',
      severityText: 'warn',
      body: 'few left',
      attributes: { seats: 3 },
      traceId: spanContext.traceId,
      spanId: spanContext.spanId,
    })
  })

  it('is with the span whose ids a line or its logger bears', () => {
    const test = new TestPipeline()
    const child = test.pipeline.logger.child(other)
    for (const write of [() => child.info('later'), () => test.pipeline.logger.info(other, 'later')]) {
      inSpan(write)
      const { traceId, spanId, attributes } = decoded(test.take())
      expect({ trace_id: traceId, span_id: spanId }).toEqual(other)
      expect(attributes).toEqual({})
    }
  })

  it.each([
    { trace_id: '463ac35c9f6413ad', span_id: 'a2fb4a1d1a96d312' },
    { trace_id: '7c9d0a4e-37f1-4c0e-8e3b-2a1c5f9d6b10', span_id: '1' },
    { trace_id: 12, span_id: null },
    { trace_id: '0'.repeat(32), span_id: '0'.repeat(16) },
  ])('is lost by a line with ids that are none, and by no other: %o', (ids) => {
    const test = new TestPipeline()
    inSpan(() => {
      test.pipeline.logger.info(ids, 'foreign')
      test.pipeline.logger.info('own')
    })
    const [foreign, own] = test.records.map(decoded)
    expect(foreign).toMatchObject({ body: 'foreign', attributes: ids, traceId: '', spanId: '' })
    expect(own).toMatchObject({ body: 'own', traceId: spanContext.traceId })
  })
})

describe('pino options', () => {
  it.each(['transport', 'browser', 'prettyPrint'])('refuses %s by name', (name) => {
    const options = { [name]: { target: 'pino-pretty', targets: [] } }
    const start = () => createLogPipeline({ ...defaults.logs, stdout: false, pino: options }, undefined)
    expect(start).toThrow(TypeError)
    expect(start).toThrow(`the pino option ${name} `)
  })

  it('merges a mixin', () => {
    const test = new TestPipeline({ pino: { mixin: () => ({ tenant: 't-1' }) } })
    inSpan(() => test.pipeline.logger.info('hello'))
    expect(decoded(test.take())).toMatchObject({
      attributes: { tenant: 't-1' },
      traceId: spanContext.traceId,
    })
  })

  it.each<[string, LoggerOptions]>([
    ['none', { timestamp: false }],
    ['ISO text', { timestamp: pino.stdTimeFunctions.isoTime }],
    ['nanoseconds as ISO text', { timestamp: pino.stdTimeFunctions.isoTimeNano }],
    ['seconds', { timestamp: pino.stdTimeFunctions.unixTime }],
    ['something else', { timestamp: () => ',"at":"noon"' }],
  ])('keeps the time in OTLP with a timestamp of %s', (_name, options) => {
    const before = Date.now()
    const { timeNanos, attributes } = record(options, (logger) => logger.info('hello'))
    // Whole seconds are rounded, up to half of one ahead.
    const milliseconds = Number(timeNanos / 1_000_000n)
    expect(milliseconds).toBeGreaterThan(before - 1_000)
    expect(milliseconds).toBeLessThan(Date.now() + 1_000)
    expect(attributes).toEqual({})
  })

  it('takes the time that the line says', () => {
    const timestamp = (): string => ',"@timestamp":"2020-02-02T20:20:20.020Z"'
    const { timeNanos, attributes } = record({ timestamp }, (logger) =>
      logger.info({ time: 'noon' }, 'hello'),
    )
    expect(timeNanos / 1_000_000n).toBe(BigInt(Date.UTC(2020, 1, 2, 20, 20, 20, 20)))
    expect(attributes).toEqual({ time: 'noon' })
  })

  it.each<[string, LoggerOptions, object]>([
    ['base', { base: { region: 'eu' } }, { attributes: { region: 'eu' } }],
    ['name', { name: 'tickets' }, { attributes: { name: 'tickets' } }],
    ['messageKey', { messageKey: 'message' }, { body: 'hello' }],
    [
      'formatters.level',
      { formatters: { level: (label) => ({ severity: label.toUpperCase() }) } },
      {
        severityText: 'info',
        severityNumber: 'SEVERITY_NUMBER_INFO',
        attributes: { severity: 'INFO' },
      },
    ],
    [
      'formatters.log',
      { formatters: { log: (fields) => ({ ...fields, more: 1 }) } },
      { attributes: { more: 1 } },
    ],
    [
      'formatters.bindings',
      { base: { pid: 1 }, formatters: { bindings: () => ({ host: 'h' }) } },
      {
        attributes: { host: 'h' },
      },
    ],
    ['msgPrefix', { msgPrefix: '[a] ' }, { body: '[a] hello' }],
    [
      'hooks.logMethod',
      {
        hooks: {
          logMethod(args, method) {
            method.apply(this, [...args, 'twice'] as unknown as typeof args)
          },
        },
        formatters: { log: (fields) => ({ ...fields, hooked: true }) },
      },
      { attributes: { hooked: true } },
    ],
    [
      'hooks.streamWrite',
      { hooks: { streamWrite: (line) => line.replace('hello', 'bye') } },
      { body: 'bye' },
    ],
    ['hooks.streamWrite to other text', { hooks: { streamWrite: () => 'plain\n' } }, { body: 'plain' }],
  ])('honours %s', (_name, options, expected) => {
    expect(record(options, (logger) => logger.info('hello'))).toMatchObject(expected)
  })

  it('honours redact and serializers', () => {
    const options = { redact: ['card.number'], serializers: { seat: (seat: number) => `#${seat}` } }
    const { attributes } = record(options, (logger) => logger.info({ card: { number: 4 }, seat: 7 }, 'paid'))
    expect(attributes).toEqual({ card: { number: '[Redacted]' }, seat: '#7' })
  })

  it('honours errorKey and nestedKey', () => {
    const exception = { 'exception.type': 'TypeError', 'exception.message': 'no' }
    const fail = (logger: pino.Logger) =>
      inSpan(() => logger.error({ seats: 3, error: new TypeError('no') }, 'failed'))
    const flat = record({ errorKey: 'error' }, fail)
    expect(flat.attributes).toMatchObject({ ...exception, seats: 3 })
    const nested = record({ errorKey: 'error', nestedKey: 'payload' }, fail)
    expect(nested).toMatchObject({
      attributes: { ...exception, payload: { seats: 3 } },
      traceId: spanContext.traceId,
    })
    expect(nested.attributes.payload).toEqual({ seats: 3 })
  })

  it('honours customLevels, useOnlyCustomLevels, levelComparison and level', () => {
    const custom = new TestPipeline({ pino: { customLevels: { audit: 55 }, level: 'audit' } })
    const logger = custom.pipeline.logger as unknown as pino.Logger<'audit'>
    logger.error('unheard')
    logger.audit('heard')
    expect(decoded(custom.take())).toMatchObject({
      severityText: 'audit',
      severityNumber: 'SEVERITY_NUMBER_ERROR',
      attributes: {},
    })

    // As syslog counts.
    const reverse = new TestPipeline({
      pino: {
        customLevels: { error: 3, info: 6, debug: 7 },
        useOnlyCustomLevels: true,
        levelComparison: 'DESC',
      },
    })
    reverse.pipeline.logger.debug('unheard')
    reverse.pipeline.logger.error('heard')
    expect(decoded(reverse.take())).toMatchObject({
      body: 'heard',
      severityNumber: 'SEVERITY_NUMBER_ERROR',
    })
  })
})
