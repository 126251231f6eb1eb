import { type Attributes, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import fc from 'fast-check'
import { PbfWriter } from 'pbf'
import { describe, expect, it } from 'vitest'
import { decodeMessage, decodeSpan } from '../../test/otlp/decode.ts'
import { monotonicMs } from './clock.ts'
import { newSpanId, newTraceId } from './ids.ts'
import { RecordedSpan, type SpanStart } from './span.ts'
import { writeSpan } from './span-encoding.ts'

const sink = { onEnd: (): void => undefined }

function startSpan(start: Partial<SpanStart> = {}): RecordedSpan {
  return new RecordedSpan(
    {
      traceId: newTraceId(),
      spanId: newSpanId(),
      parentSpanId: undefined,
      traceState: '',
      kept: false,
      kind: SpanKind.SERVER,
      name: 'GET /concerts',
      startMs: monotonicMs(),
      scope: { name: 'test', version: undefined },
      ...start,
    },
    sink,
  )
}

function encode(span: RecordedSpan): ReturnType<typeof decodeSpan> {
  span.end()
  const pbf = new PbfWriter()
  writeSpan(span, pbf)
  return decodeSpan(decodeMessage('opentelemetry.proto.trace.v1.Span', pbf.finish()))
}

const text = fc.string({ unit: 'grapheme', maxLength: 300 })
const scalar = fc.oneof(
  text,
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
)
const attributes: fc.Arbitrary<Attributes> = fc.dictionary(
  text.filter((key) => key !== ''),
  fc.oneof(scalar, fc.array(text, { maxLength: 5 }), fc.array(fc.maxSafeInteger(), { maxLength: 5 })),
  { maxKeys: 20, noNullPrototype: true },
)

/** The wire has one zero. */
const onTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('span encoding', () => {
  it('keeps every attribute and event', () => {
    fc.assert(
      fc.property(attributes, attributes, text, (own, ofEvent, name) => {
        const span = startSpan().setAttributes(own).addEvent(name, ofEvent)
        const decoded = encode(span)
        expect(decoded.attributes).toEqual(onTheWire(own))
        expect(decoded.events).toEqual([{ name, attributes: onTheWire(ofEvent) }])
      }),
    )
  })

  it('keeps ids, state, kind, name and status', () => {
    const link = { traceId: newTraceId(), spanId: newSpanId(), traceFlags: 0 }
    const span = startSpan({
      parentSpanId: newSpanId(),
      traceState: 'a=b,faultline=keep',
      kind: SpanKind.CLIENT,
    })
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'no' }).addLink({ context: link })
    expect(encode(span)).toMatchObject({
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId,
      traceState: 'a=b,faultline=keep',
      kind: 'SPAN_KIND_CLIENT',
      name: 'GET /concerts',
      status: 'STATUS_CODE_ERROR',
      links: [{ traceId: link.traceId, spanId: link.spanId }],
    })
  })

  it('times spans on the wall clock', () => {
    const before = Date.now()
    const { startNanos, endNanos } = encode(startSpan())
    expect(endNanos).toBeGreaterThanOrEqual(startNanos)
    expect(Math.abs(Number(startNanos / 1_000_000n) - before)).toBeLessThan(1_000)
  })

  it('cuts strings that would burst a batch', () => {
    const decoded = encode(startSpan().setAttribute('long', 'x'.repeat(100_000)))
    expect(String(decoded.attributes.long)).toHaveLength(16_384)
  })

  it('drops and counts what is past the limit', () => {
    const span = startSpan()
    for (let index = 0; index < 200; index += 1) span.setAttribute(`key${index}`, index)
    expect(span.droppedAttributes).toBe(72)
    expect(Object.keys(encode(span).attributes)).toHaveLength(128)
  })

  it('overwrites an attribute that is set twice, and ignores one that is set after the end', () => {
    const span = startSpan().setAttribute('a', 1).setAttribute('a', 2)
    span.end()
    span.setAttribute('b', 1)
    expect(encode(span).attributes).toEqual({ a: 2 })
  })
})
