import { decodeMessage, decodeSpan } from '@faultline/test-support/otlp-decode'
import {
  type Attributes,
  createTraceState,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
} from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { RandomIdGenerator, type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace'
import fc from 'fast-check'
import { PbfWriter } from 'pbf'
import { describe, expect, it } from 'vitest'
import { writeSpan } from './encoding.ts'

const ids = new RandomIdGenerator()
const provider = new TracerProvider({ resource: resourceFromAttributes({}) })

function startSpan(): ReturnType<ReturnType<TracerProvider['getTracer']>['startSpan']> & ReadableSpan {
  return provider.getTracer('test').startSpan('GET /concerts', { kind: SpanKind.CLIENT }) as never
}

function encode(span: ReadableSpan): ReturnType<typeof decodeSpan> {
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
  // The SDK takes the second for the prototype of its attributes.
  text.filter((key) => key !== '' && key !== '__proto__'),
  fc.oneof(scalar, fc.array(text, { maxLength: 5 }), fc.array(fc.maxSafeInteger(), { maxLength: 5 })),
  { maxKeys: 20, noNullPrototype: true },
)

/** The wire has one zero. */
const onTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('span encoding', () => {
  it('keeps every attribute and event', () => {
    fc.assert(
      fc.property(attributes, attributes, text, (own, ofEvent, name) => {
        const span = startSpan()
        span.setAttributes(own).addEvent(name, ofEvent)
        span.end()
        const decoded = encode(span)
        expect(decoded.attributes).toEqual(onTheWire(own))
        expect(decoded.events).toEqual([{ name, attributes: onTheWire(ofEvent) }])
      }),
    )
  })

  it('exports no attributes of a prototype', () => {
    const span = startSpan()
    const attributes = JSON.parse('{"fine":1,"__proto__":{"inherited":2}}')
    span.setAttributes(attributes).addEvent('event', attributes)
    span.end()
    const { attributes: own, events } = encode(span)
    expect({ own, events }).toEqual({
      own: { fine: 1 },
      events: [{ name: 'event', attributes: { fine: 1 } }],
    })
  })

  it('keeps ids, state, kind, name, status and links, but no link with ids of another kind', () => {
    const context: SpanContext = {
      traceId: ids.generateTraceId(),
      spanId: ids.generateSpanId(),
      traceFlags: 1,
      traceState: createTraceState('a=b,faultline=keep'),
    }
    const span = startSpan()
    const parentSpanContext = { ...context, spanId: ids.generateSpanId() }
    const link = { traceId: ids.generateTraceId(), spanId: ids.generateSpanId(), traceFlags: 0 }
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'no' }).addLinks([
      { context: link },
      // 64-bit ids of B3, and a UUID.
      { context: { ...link, traceId: link.spanId } },
      { context: { ...link, traceId: '3b241101-e2bb-4255-8caf-4136c566a962' } },
    ])
    span.end()
    const decoded = encode(Object.assign(span, { spanContext: () => context, parentSpanContext }))
    expect(decoded).toMatchObject({
      traceId: context.traceId,
      spanId: context.spanId,
      parentSpanId: parentSpanContext.spanId,
      traceState: 'a=b,faultline=keep',
      kind: 'SPAN_KIND_CLIENT',
      name: 'GET /concerts',
      status: 'STATUS_CODE_ERROR',
      links: [{ traceId: link.traceId, spanId: link.spanId }],
    })
  })

  it('is lost neither for its size nor for a link that is none', () => {
    const span = startSpan()
    span.updateName('n'.repeat(2_000_000))
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'm'.repeat(2_000_000) })
    span.addLinks([{ context: undefined }, { context: { traceState: 'a=b' } }] as never)
    for (let index = 0; index < 120; index += 1) {
      span.setAttribute(`k${index}`, 'x'.repeat(16_000))
      span.recordException(new Error('y'.repeat(16_000)))
    }
    span.end()
    const pbf = new PbfWriter()
    writeSpan(span, pbf)
    expect(pbf.pos).toBeLessThan(700_000)
    expect(encode(span)).toMatchObject({ spanId: span.spanContext().spanId, status: 'STATUS_CODE_ERROR' })
  })

  it('times spans on the wall clock', () => {
    const before = Date.now()
    const span = startSpan()
    span.end()
    const { startNanos, endNanos } = encode(span)
    expect(endNanos).toBeGreaterThanOrEqual(startNanos)
    expect(Math.abs(Number(startNanos / 1_000_000n) - before)).toBeLessThan(1_000)
  })

  it('cuts what would burst a batch, and reads around what cannot be read', () => {
    const span = startSpan()
    const cycle: unknown[] = []
    cycle.push(cycle)
    span.setAttribute('long', 'x'.repeat(100_000))
    // As an instrumentation that writes around the SDK's checks may have it.
    Object.assign(span.attributes, {
      cycle,
      deep: [[[[[[[12n]]]]]]],
      throwing: {
        get value() {
          throw new Error('no')
        },
      },
      sulking: [
        [
          [
            [
              [
                [
                  [
                    {
                      toJSON: () => {
                        throw new Error('no')
                      },
                    },
                  ],
                ],
              ],
            ],
          ],
        ],
      ],
      after: 1,
    })
    span.end()
    const { attributes: decoded } = encode(span)
    expect(String(decoded.long)).toHaveLength(16_384)
    expect(decoded).toMatchObject({ after: 1, throwing: { value: '[unreadable]' } })
    expect(JSON.stringify(decoded.deep)).toContain('12')
    expect(Object.keys(decoded)).toEqual(['long', 'cycle', 'deep', 'throwing', 'sulking', 'after'])
  })
})
