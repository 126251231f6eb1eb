import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AttributeValue,
  anyValue,
  attributes,
  type Span,
  type SpanNode,
  spanIdSchema,
  spanTrees,
  traceAnswer,
  traceIdSchema,
} from './trace.ts'

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
    const [first, second] = traceAnswer.parse(answer)
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
      name: 'GET /concerts',
      kind: 'server',
      startMs: 1700000000002,
      durationMs: 0.5,
      status: 'error',
      attributes: { 'http.response.status_code': 500 },
      resource: { 'service.name': 'catalog' },
      serviceName: 'catalog',
    })
  })

  it.each([{}, { trace: {} }, { trace: { resourceSpans: [] } }])('may have no spans: %j', (answer) => {
    expect(traceAnswer.parse(answer)).toEqual([])
  })
})

function spanOf(spanId: string, parentSpanId?: string): Span {
  return {
    traceId: '1'.repeat(32),
    spanId,
    parentSpanId,
    name: spanId,
    kind: 'internal',
    startMs: 0,
    durationMs: 1,
    status: 'unset',
    attributes: {},
    resource: {},
    serviceName: 's',
  }
}

const flat = (nodes: readonly SpanNode[]): Span[] =>
  nodes.flatMap((node) => [node.span, ...flat(node.children)])

describe('spanTrees', () => {
  it('hangs every span below its parent and starts a tree where the parent is unknown', () => {
    const trees = spanTrees([spanOf('a', 'elsewhere'), spanOf('b', 'a'), spanOf('c', 'b'), spanOf('d')])
    expect(trees.map((node) => node.span.spanId)).toEqual(['a', 'd'])
    expect(trees[0]?.children[0]?.children[0]?.span.spanId).toBe('c')
  })

  it('has each span exactly once, whatever the order', () => {
    const spans = fc
      .array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 50 })
      .map((parents) =>
        parents.map((parent, at) => spanOf(String(at), at === 0 ? undefined : String(parent % at))),
      )
    fc.assert(
      fc.property(
        spans.chain((all) => fc.shuffledSubarray(all, { minLength: all.length })),
        (all) => {
          expect(
            flat(spanTrees(all))
              .map((one) => one.spanId)
              .sort(),
          ).toEqual(all.map((one) => one.spanId).sort())
        },
      ),
    )
  })
})
