import fc from 'fast-check'
import { PbfWriter } from 'pbf'
import { describe, expect, it } from 'vitest'
import { decodeLog, decodeMessage } from '../../test/otlp/decode.ts'
import { type LogLine, writeLogLine } from './record-encoding.ts'

function encode(line: LogLine): ReturnType<typeof decodeLog> {
  const pbf = new PbfWriter()
  writeLogLine(line, pbf)
  return decodeLog(decodeMessage('opentelemetry.proto.logs.v1.LogRecord', pbf.finish()))
}

const head = { level: 'warn', time: 1_763_875_155_123, msg: 'hello' }

describe('log record encoding', () => {
  it('writes time, severity, body and ids to their own fields', () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    const spanId = '00f067aa0ba902b7'
    const { timeNanos, ...rest } = encode({ ...head, trace_id: traceId, span_id: spanId, seats: 3 })
    // A double's step at that size is 256 ns.
    expect(Number(timeNanos - 1_763_875_155_123_000_000n)).toBeCloseTo(0, -3)
    expect(rest).toEqual({
      severityNumber: 'SEVERITY_NUMBER_WARN',
      severityText: 'warn',
      body: 'hello',
      attributes: { seats: 3 },
      traceId,
      spanId,
    })
  })

  it('keeps any JSON as attributes', () => {
    const own = new Set(['level', 'time', 'msg', 'trace_id', 'span_id', 'err', '__proto__'])
    const fields = fc.dictionary(
      fc.string().filter((key) => !own.has(key)),
      fc.jsonValue({ maxDepth: 4 }),
      {
        maxKeys: 8,
        noNullPrototype: true,
      },
    )
    fc.assert(
      fc.property(fields, (extra) => {
        const line = JSON.parse(JSON.stringify({ ...extra, ...head })) as LogLine
        const { level: _level, time: _time, msg: _msg, ...expected } = line
        expect(encode(line).attributes).toEqual(expected)
      }),
    )
  })

  it('gives an error the names of the conventions', () => {
    const err = { type: 'TypeError', message: 'no', stack: 'TypeError: no\n at x', code: 'E_NO' }
    expect(encode({ ...head, err }).attributes).toEqual({
      'exception.type': 'TypeError',
      'exception.message': 'no',
      'exception.stacktrace': 'TypeError: no\n at x',
      'exception.code': 'E_NO',
    })
    expect(encode({ ...head, err: 'plain text' }).attributes).toEqual({ 'exception.message': 'plain text' })
  })

  it('cuts off what is nested without end', () => {
    let nested: unknown = 'core'
    for (let depth = 0; depth < 50; depth += 1) nested = { nested }
    expect(JSON.stringify(encode({ ...head, nested }).attributes)).toContain('core')
  })
})
