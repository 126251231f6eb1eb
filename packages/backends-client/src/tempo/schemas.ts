import * as z from 'zod'
import { fromNanoseconds, millisecondsBetween } from '../time.ts'
import { attributes } from './attributes.ts'
import { shortSpanIdSchema, shortTraceIdSchema, spanIdSchema, traceIdSchema } from './ids.ts'
import type { FoundTrace, Span, SpanKind, TagNames } from './types.ts'

// Shapes of https://grafana.com/docs/tempo/latest/api_docs/; protobuf's JSON leaves out whatever is zero.

const nanoseconds = z.union([z.string().regex(/^\d+$/), z.number().transform(String)]).default('0')
const optionalSpanId = z
  .union([z.literal(''), spanIdSchema])
  .optional()
  .transform((id) => (id === undefined || id === '' || /^0+$/.test(id) ? undefined : id))

const KINDS: readonly SpanKind[] = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']

/** Enumerations come by name, or as a number from writers of OTLP's own JSON. */
const kind = z
  .union([z.number(), z.string()])
  .default(0)
  .transform((value): SpanKind => {
    if (typeof value === 'number') return KINDS[value] ?? 'unspecified'
    return KINDS.find((name) => value === `SPAN_KIND_${name.toUpperCase()}`) ?? 'unspecified'
  })

const STATUSES: Readonly<Record<string, Span['status']>> = {
  1: 'ok',
  2: 'error',
  STATUS_CODE_OK: 'ok',
  STATUS_CODE_ERROR: 'error',
}

const status = z
  .object({ code: z.union([z.number(), z.string()]).default(0), message: z.string().default('') })
  .default({ code: 0, message: '' })
  .transform(({ code, message }) => ({ status: STATUSES[code] ?? ('unset' as const), message }))

const span = z.object({
  traceId: traceIdSchema,
  spanId: spanIdSchema,
  parentSpanId: optionalSpanId,
  traceState: z.string().default(''),
  name: z.string().default(''),
  kind,
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes,
  events: z
    .array(z.object({ name: z.string().default(''), timeUnixNano: nanoseconds, attributes }))
    .default([]),
  links: z.array(z.object({ traceId: traceIdSchema, spanId: spanIdSchema, attributes })).default([]),
  status,
})

const resourceSpans = z.array(
  z.object({
    resource: z.object({ attributes }).default({ attributes: {} }),
    scopeSpans: z
      .array(
        z.object({
          scope: z.object({ name: z.string().default('') }).default({ name: '' }),
          spans: z.array(span).default([]),
        }),
      )
      .default([]),
  }),
)

/** Spans of a trace by start; none where the trace is not stored. */
export const traceAnswer: z.ZodType<Span[]> = z
  .object({ trace: z.object({ resourceSpans: resourceSpans.default([]) }).optional() })
  .transform(({ trace }) =>
    (trace?.resourceSpans ?? [])
      .flatMap(({ resource, scopeSpans }) =>
        scopeSpans.flatMap(({ scope, spans }) =>
          spans.map((one) => toSpan(one, resource.attributes, scope.name)),
        ),
      )
      .sort((a, b) => a.startMs - b.startMs),
  )

function toSpan(one: z.infer<typeof span>, resource: Span['resource'], scope: string): Span {
  const { parentSpanId, startTimeUnixNano, endTimeUnixNano, status, events, ...rest } = one
  return {
    ...rest,
    parentSpanId,
    startMs: fromNanoseconds(startTimeUnixNano),
    durationMs: millisecondsBetween(startTimeUnixNano, endTimeUnixNano),
    status: status.status,
    statusMessage: status.message,
    events: events.map(({ timeUnixNano, ...event }) => ({ ...event, timeMs: fromNanoseconds(timeUnixNano) })),
    resource,
    serviceName: typeof resource['service.name'] === 'string' ? resource['service.name'] : '',
    scope,
  }
}

const foundSpan = z
  .object({
    spanID: shortSpanIdSchema,
    name: z.string().default(''),
    startTimeUnixNano: nanoseconds,
    durationNanos: nanoseconds,
    attributes,
  })
  .transform(({ spanID, name, startTimeUnixNano, durationNanos, attributes }) => ({
    spanId: spanID,
    name,
    startMs: fromNanoseconds(startTimeUnixNano),
    durationMs: Number(durationNanos) / 1e6,
    attributes,
  }))

const spanSet = z.object({ spans: z.array(foundSpan).default([]), matched: z.number().default(0) })

const foundTrace: z.ZodType<FoundTrace> = z
  .object({
    traceID: shortTraceIdSchema,
    rootServiceName: z.string().default(''),
    rootTraceName: z.string().default(''),
    startTimeUnixNano: nanoseconds,
    durationMs: z.number().default(0),
    spanSets: z.array(spanSet).default([]),
  })
  .transform(({ traceID, startTimeUnixNano, spanSets, ...rest }) => ({
    ...rest,
    traceId: traceID,
    startMs: fromNanoseconds(startTimeUnixNano),
    spans: spanSets.flatMap((set) => set.spans),
    matched: spanSets.reduce((sum, set) => sum + set.matched, 0),
  }))

export const searchAnswer: z.ZodType<FoundTrace[]> = z
  .object({ traces: z.array(foundTrace).default([]) })
  .transform(({ traces }) => traces)

export const tagsAnswer: z.ZodType<TagNames> = z
  .object({
    scopes: z.array(z.object({ name: z.string(), tags: z.array(z.string()).default([]) })).default([]),
  })
  .transform(({ scopes }) => Object.fromEntries(scopes.map(({ name, tags }) => [name, tags])))

export const tagValuesAnswer: z.ZodType<string[]> = z
  .object({ tagValues: z.array(z.object({ value: z.string().default('') })).default([]) })
  .transform(({ tagValues }) => tagValues.map(({ value }) => value))
