import * as z from 'zod'
import { fromNanoseconds, millisecondsBetween } from './time.ts'

/** Value of an attribute; 64-bit integers beyond 2^53 lose precision. */
export type AttributeValue =
  | string
  | number
  | boolean
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue }
  | null
type Attributes = Readonly<Record<string, AttributeValue>>

// OTLP's AnyValue in protobuf's JSON mapping:
// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/common/v1/common.proto

/** 64-bit integers come as text, small ones from some writers as numbers; infinities by name. */
const integer = z.union([z.number(), z.string().regex(/^-?\d+$/)]).transform(Number)
const double = z
  .union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])])
  .transform((value) => (typeof value === 'number' ? value : Number(value)))

export const anyValue: z.ZodType<AttributeValue> = z.lazy(() =>
  z
    .object({
      stringValue: z.string(),
      boolValue: z.boolean(),
      intValue: integer,
      doubleValue: double,
      bytesValue: z.string(),
      arrayValue: z.object({ values: z.array(anyValue).default([]) }),
      kvlistValue: z.object({ values: attributes }),
    })
    .partial()
    .nullable()
    .transform((value): AttributeValue => {
      if (value === null) return null
      if (value.arrayValue !== undefined) return value.arrayValue.values
      if (value.kvlistValue !== undefined) return value.kvlistValue.values
      const { stringValue, boolValue, intValue, doubleValue, bytesValue } = value
      return stringValue ?? boolValue ?? intValue ?? doubleValue ?? bytesValue ?? null
    }),
)

/** A list of keys and values as a plain object; the last one wins where a key stands twice. */
export const attributes: z.ZodType<Attributes> = z
  .array(z.object({ key: z.string(), value: anyValue.optional() }))
  .default([])
  .transform((pairs) => Object.fromEntries(pairs.map(({ key, value }) => [key, value ?? null])))

/**
 * Ids of traces and spans. OTLP's JSON says hexadecimal, protobuf's JSON mapping, which Tempo follows, says
 * base64. The lengths tell them apart: 8 bytes are 16 digits or 12 characters, 16 bytes are 32 or 24.
 */
function idOf(bytes: 8 | 16) {
  return z.string().transform((text, context) => {
    if (text.length === bytes * 2 && /^[0-9a-f]*$/i.test(text)) return text.toLowerCase()
    const decoded = Buffer.from(text, 'base64')
    if (decoded.length === bytes && text.length === Math.ceil(bytes / 3) * 4) return decoded.toString('hex')
    context.addIssue({ code: 'custom', message: `not an id of ${bytes} bytes: ${JSON.stringify(text)}` })
    return z.NEVER
  })
}

export const traceIdSchema = idOf(16)
export const spanIdSchema = idOf(8)

const optionalSpanId = z
  .union([z.literal(''), spanIdSchema])
  .optional()
  .transform((id) => (id === undefined || /^0*$/.test(id) ? undefined : id))

export const nanoseconds = z.union([z.string().regex(/^\d+$/), z.number().transform(String)]).default('0')

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const
export type SpanKind = (typeof KINDS)[number]

/** Enumerations come by name, or as a number from writers of OTLP's own JSON. */
const kind = z
  .union([z.number(), z.string()])
  .default(0)
  .transform((value): SpanKind => {
    if (typeof value === 'number') return KINDS[value] ?? 'unspecified'
    return KINDS.find((name) => value === `SPAN_KIND_${name.toUpperCase()}`) ?? 'unspecified'
  })

const STATUSES: Readonly<Record<string, 'ok' | 'error'>> = {
  1: 'ok',
  2: 'error',
  STATUS_CODE_OK: 'ok',
  STATUS_CODE_ERROR: 'error',
}

const status = z
  .object({ code: z.union([z.number(), z.string()]).default(0) })
  .default({ code: 0 })
  .transform(({ code }) => STATUSES[code] ?? ('unset' as const))

const span = z.object({
  traceId: traceIdSchema,
  spanId: spanIdSchema,
  parentSpanId: optionalSpanId,
  name: z.string().default(''),
  kind,
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes,
  status,
})

export type Span = ReturnType<typeof toSpan>

function toSpan(one: z.infer<typeof span>, resource: Attributes) {
  const { startTimeUnixNano, endTimeUnixNano, ...rest } = one
  return {
    ...rest,
    /** Undefined on the span that started the trace. */
    parentSpanId: one.parentSpanId,
    /** Epoch milliseconds. */
    startMs: fromNanoseconds(startTimeUnixNano),
    /** To the nanosecond. */
    durationMs: millisecondsBetween(startTimeUnixNano, endTimeUnixNano),
    /** Attributes of the resource that made it. */
    resource,
    /** `service.name` of the resource, empty where it has none. */
    serviceName: typeof resource['service.name'] === 'string' ? resource['service.name'] : '',
  }
}

const resourceSpans = z
  .object({
    resource: z.object({ attributes }).default({ attributes: {} }),
    scopeSpans: z.array(z.object({ spans: z.array(span).default([]) })).default([]),
  })
  .transform(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans.map((one) => toSpan(one, resource.attributes))),
  )

/** Spans of a trace by start; none where the trace is not stored. */
export const traceAnswer = z
  .object({ trace: z.object({ resourceSpans: z.array(resourceSpans).default([]) }).optional() })
  .transform(({ trace }) => (trace?.resourceSpans ?? []).flat().sort((a, b) => a.startMs - b.startMs))

/** A stored trace, its spans flat and by start. */
export interface Trace {
  readonly traceId: string
  readonly spans: readonly Span[]
}

/** A span with those that it caused, by start. */
export interface SpanNode {
  readonly span: Span
  readonly children: readonly SpanNode[]
}

/**
 * Spans as trees. A span whose parent is not among them starts a tree of its own: the root, a span of a
 * caller whose telemetry went elsewhere, or a gap. A cycle of parents, which no sound writer makes, is
 * left out.
 */
export function spanTrees(spans: readonly Span[]): SpanNode[] {
  const known = new Set(spans.map((span) => span.spanId))
  const byParent = Map.groupBy(spans, (span) => {
    return span.parentSpanId !== undefined && known.has(span.parentSpanId) ? span.parentSpanId : undefined
  })
  const node = (span: Span): SpanNode => ({ span, children: (byParent.get(span.spanId) ?? []).map(node) })
  return (byParent.get(undefined) ?? []).map(node)
}
