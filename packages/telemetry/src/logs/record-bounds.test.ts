import { type LogRecord, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api'
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decoded } from '../../test/logs/pipeline.ts'

/** The record as any emitter's comes to the exporter. */
function encode(record: LogRecord): ReturnType<typeof decoded> {
  const exporter = new InMemoryLogRecordExporter()
  const processors = [new SimpleLogRecordProcessor({ exporter })]
  new LoggerProvider({ processors }).getLogger('test').emit(record)
  const [emitted] = exporter.getFinishedLogRecords()
  if (!emitted) throw new Error('nothing was emitted')
  return decoded(emitted)
}

/** Entries of structured metadata, as Loki makes them of attributes. */
function entriesOf(attributes: object, prefix = ''): [name: string, bytes: number][] {
  return Object.entries(attributes).flatMap(([key, value]): [string, number][] => {
    const name = prefix === '' ? key : `${prefix}_${key}`
    if (Buffer.isBuffer(value)) return [[name, value.toString('base64').length]]
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return entriesOf(value, name)
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return [[name, Buffer.byteLength(text)]]
  })
}

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'

describe('log record encoding', () => {
  it('writes each part to its own field', () => {
    const context = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED })
    const { timeNanos, bytes, ...rest } = encode({
      timestamp: [1_763_875_155, 123_000_000],
      severityNumber: 13,
      severityText: 'warn',
      body: 'hello',
      attributes: { seats: 3 },
      context,
    })
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

  it('leaves what Loki takes as it is', () => {
    const attributes = {
      cart: { seats: [1, 2], note: 'ä'.repeat(2_000), nested: { deep: true } },
      stack: 'x'.repeat(12_000),
    }
    expect(encode({ body: { free: ['form'] }, attributes })).toMatchObject({
      body: { free: ['form'] },
      attributes,
    })
  })

  it('cuts 77 KB in fields and says so', () => {
    const attributes = {
      dump: 'ü'.repeat(20_000),
      rows: Array.from({ length: 500 }, (_, row) => ({ row, name: 'n'.repeat(40) })),
      'request.id': 'r-1',
    }
    const log = encode({ body: 'm'.repeat(200_000), attributes })
    expect(log.attributes).toMatchObject({ 'telemetry.truncated': true, 'request.id': 'r-1' })
    expect(log.attributes.dump).toBe('ü'.repeat(8 * 1024))
    expect(log.attributes.rows).toMatch(/^\[\{"row":0,"name":"n+"\}/)
    expect(log.body).toBe('m'.repeat(64 * 1024))
  })

  it.each<[string, LogRecord, boolean]>([
    ['nothing', { body: 'm', attributes: { list: [1] } }, false],
    ['the body', { body: 'm'.repeat(70_000) }, true],
    ['a value', { attributes: { dump: 'x'.repeat(17_000) } }, true],
    ['by the SDK an attribute', { attributes: { ...Array.from({ length: 129 }, () => 1) } }, true],
  ])('marks a record of which %s is cut', (_name, record, isMarked) => {
    expect(encode(record).attributes['telemetry.truncated']).toBe(isMarked || undefined)
  })

  it('drops what has no room, the largest first', () => {
    // The largest come first.
    const many = Object.fromEntries(
      Array.from({ length: 120 }, (_, index) => [`field${119 - index}`, 'x'.repeat(119 - index)]),
    )
    const { attributes } = encode({ attributes: many })
    expect(attributes).toMatchObject({ field0: '', field95: 'x'.repeat(95), 'telemetry.truncated': true })
    expect(attributes).not.toHaveProperty('field96')
    expect(attributes).not.toHaveProperty('field119')
  })

  it('gives a name without letters one that Loki takes', () => {
    expect(encode({ attributes: { 名前: 'Ann', $: 1 } }).attributes).toEqual({
      'field.名前': 'Ann',
      'field.$': 1,
    })
  })

  it('leaves out ids that are none', () => {
    const exporter = new InMemoryLogRecordExporter()
    const processors = [
      // One of somebody else's.
      {
        onEmit: (record: { spanContext?: unknown }) => {
          record.spanContext = { traceId: 'b3', spanId: '1', traceFlags: 1 }
        },
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
      new SimpleLogRecordProcessor({ exporter }),
    ]
    new LoggerProvider({ processors }).getLogger('test').emit({ body: 'hello' })
    const [record] = exporter.getFinishedLogRecords()
    expect(record && decoded(record)).toMatchObject({ body: 'hello', traceId: '', spanId: '' })
  })

  it('keeps every record below the bounds', () => {
    const times = fc.oneof({ weight: 9, arbitrary: fc.nat(8) }, { weight: 1, arbitrary: fc.nat(1_000) })
    const sized = fc
      .tuple(fc.string({ unit: 'binary', maxLength: 8 }), times)
      .map(([text, n]) => text.repeat(n))
    const leaf = fc.oneof(sized, fc.double(), fc.boolean(), fc.constant(null))
    /** Many of one, at any depth. */
    const wide = fc.tuple(sized, leaf, fc.nat(300), fc.nat(8)).map(([name, each, count, depth]) => {
      let value: object = Object.fromEntries(
        Array.from({ length: count }, (_, index) => [name + index, each]),
      )
      for (let level = 0; level < depth; level += 1) value = { [name]: value }
      return value
    })
    const list = fc
      .tuple(leaf, fc.nat(2_000))
      .map(([each, count]) => Array.from({ length: count }, () => each))
    const value = fc.oneof(
      leaf,
      wide,
      list,
      fc.jsonValue({ maxDepth: 8 }),
      fc.uint8Array({ maxLength: 20_000 }),
    )
    const fields = fc.dictionary(fc.oneof(fc.string({ unit: 'binary' }), sized), value, { maxKeys: 10 })
    const attributes = fc
      .tuple(fields, fc.oneof(fc.constant({}), wide))
      .map(([some, many]) => ({ ...many, ...some }))
    fc.assert(
      fc.property(attributes, value, (fields, body) => {
        const log = encode({ attributes: fields, body })
        const entries = entriesOf(log.attributes)
        expect(entries.length).toBeLessThanOrEqual(97)
        const bytes = entries.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + value, 0)
        expect(bytes).toBeLessThan(49 * 1024)
        expect(log.bytes).toBeLessThan(256 * 1024)
        for (const [name] of entries) expect(name).toMatch(/[A-Za-z0-9]/)
      }),
      { numRuns: 60, endOnFailure: true },
    )
  }, 60_000)
})
