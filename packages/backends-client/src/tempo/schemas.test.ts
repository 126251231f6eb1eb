import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyValue, attributes } from './attributes.ts'
import { spanIdSchema, traceIdSchema } from './ids.ts'
import * as schemas from './schemas.ts'
import type { AttributeValue } from './types.ts'

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((one) => Buffer.from(one))

describe('ids', () => {
  it('read the same from base64 and from hexadecimal', () => {
    fc.assert(
      fc.property(bytes(16), bytes(8), (trace, span) => {
        for (const encoding of ['hex', 'base64'] as const) {
          expect(traceIdSchema.parse(trace.toString(encoding))).toBe(trace.toString('hex'))
          expect(spanIdSchema.parse(span.toString(encoding))).toBe(span.toString('hex'))
        }
      }),
    )
  })

  it.each(['', 'xyz', '0'.repeat(31), '0'.repeat(16)])('refuse %j as a trace id', (text) => {
    expect(traceIdSchema.safeParse(text).success).toBe(false)
  })
})

/** Writes a value as protobuf's JSON mapping does. */
function toAnyValue(value: AttributeValue): unknown {
  if (value === null) return {}
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number')
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(toAnyValue) } }
  return { kvlistValue: { values: toKeyValues(value as Record<string, AttributeValue>) } }
}

function toKeyValues(object: Readonly<Record<string, AttributeValue>>) {
  return Object.entries(object).map(([key, value]) => ({ key, value: toAnyValue(value) }))
}

const { value: anyAttribute } = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.boolean(),
    fc.maxSafeInteger().filter((one) => !Object.is(one, -0)),
    fc.double({ noNaN: true, noDefaultInfinity: true, noInteger: true }),
    fc.array(tie('value')),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      tie('value'),
      { noNullPrototype: true },
    ),
  ),
}))

describe('attributes', () => {
  it('come back as plain values', () => {
    fc.assert(
      fc.property(anyAttribute, (value) => {
        expect(anyValue.parse(toAnyValue(value))).toEqual(value)
      }),
    )
  })

  it('take a missing value for null and no list for none', () => {
    expect(attributes.parse([{ key: 'a' }, { key: 'b', value: {} }])).toEqual({ a: null, b: null })
    expect(attributes.parse(undefined)).toEqual({})
  })
})

const traceId = Buffer.from('0af7651916cd43dd8448eb211c80319c', 'hex').toString('base64')
const spanId = (last: number) => Buffer.from([0, 0, 0, 0, 0, 0, 0, last]).toString('base64')

describe('traces', () => {
  it('are spans by start with times in ms, the resource beside them and parent links', () => {
    const answer = {
      trace: {
        resourceSpans: [
          {
            resource: { attributes: [{ key: 'service.name', value: { stringValue: 'catalog' } }] },
            scopeSpans: [
              {
                scope: { name: 'lib' },
                spans: [
                  {
                    traceId,
                    spanId: spanId(2),
                    parentSpanId: spanId(1),
                    name: 'GET /concerts',
                    kind: 'SPAN_KIND_SERVER',
                    startTimeUnixNano: '1700000000002000000',
                    endTimeUnixNano: '1700000000002500000',
                    status: { code: 'STATUS_CODE_ERROR', message: 'no' },
                    attributes: [{ key: 'http.response.status_code', value: { intValue: '500' } }],
                    events: [{ name: 'exception', timeUnixNano: '1700000000002100000' }],
                  },
                ],
              },
            ],
          },
          {
            resource: { attributes: [{ key: 'service.name', value: { stringValue: 'gateway' } }] },
            scopeSpans: [
              {
                spans: [
                  {
                    traceId,
                    spanId: spanId(1),
                    kind: 3,
                    startTimeUnixNano: '1700000000001000000',
                    endTimeUnixNano: '1700000000003000000',
                  },
                ],
              },
            ],
          },
        ],
      },
    }
    const [first, second] = schemas.traceAnswer.parse(answer)
    expect(first).toMatchObject({
      serviceName: 'gateway',
      parentSpanId: undefined,
      kind: 'client',
      status: 'unset',
    })
    expect(second).toEqual({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: '0000000000000002',
      parentSpanId: '0000000000000001',
      traceState: '',
      name: 'GET /concerts',
      kind: 'server',
      startMs: 1700000000002,
      durationMs: 0.5,
      status: 'error',
      statusMessage: 'no',
      attributes: { 'http.response.status_code': 500 },
      events: [{ name: 'exception', timeMs: 1700000000002.1, attributes: {} }],
      links: [],
      resource: { 'service.name': 'catalog' },
      serviceName: 'catalog',
      scope: 'lib',
    })
  })

  it.each([{}, { trace: {} }, { trace: { resourceSpans: [] } }])('may have no spans: %j', (answer) => {
    expect(schemas.traceAnswer.parse(answer)).toEqual([])
  })
})

describe('search', () => {
  it('pads ids, counts matches and reads the attributes that the query names', () => {
    const [found] = schemas.searchAnswer.parse({
      traces: [
        {
          traceID: 'af7651916cd43dd8448eb211c80319c',
          rootServiceName: 'gateway',
          startTimeUnixNano: '1700000000000000000',
          durationMs: 12,
          spanSets: [
            {
              matched: 5,
              spans: [
                {
                  spanID: '1',
                  durationNanos: '1500000',
                  attributes: [{ key: 'a', value: { stringValue: 'b' } }],
                },
              ],
            },
          ],
        },
      ],
      metrics: {},
    })
    expect(found).toMatchObject({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      matched: 5,
      rootTraceName: '',
    })
    expect(found?.spans[0]).toMatchObject({
      spanId: '0000000000000001',
      durationMs: 1.5,
      attributes: { a: 'b' },
    })
    expect(schemas.searchAnswer.parse({ metrics: {} })).toEqual([])
  })
})
