import { create } from '@bufbuild/protobuf'
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from '../../src/generated/opentelemetry/proto/collector/trace/v1/trace_service_pb.js'
import {
  type AnyValue,
  AnyValueSchema,
  ArrayValueSchema,
  type KeyValue,
  KeyValueSchema,
} from '../../src/generated/opentelemetry/proto/common/v1/common_pb.js'

export type PlainValue = string | number | boolean | readonly PlainValue[]

/** A span as tests write it. */
export interface PlainSpan {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string
  readonly parentId?: string
  readonly name: string
  /** Numbers of OTLP's enums. */
  readonly kind?: number
  readonly status?: number
  readonly statusMessage?: string
  readonly startNanos: bigint
  readonly durationNanos: number
  readonly attributes?: Readonly<Record<string, PlainValue>>
  readonly resource?: Readonly<Record<string, PlainValue>>
  readonly scope?: { readonly name: string; readonly version?: string } & Attributed
  readonly events?: readonly PlainEvent[]
  readonly links?: readonly ({ readonly traceId: string; readonly spanId: string } & Attributed)[]
}

interface PlainEvent extends Attributed {
  readonly name: string
  /** From the start of the span. */
  readonly afterNanos: number
}

interface Attributed {
  readonly attributes?: Readonly<Record<string, PlainValue>>
}

/** Export request with one resource for each span. */
export function traceRequest(spans: readonly PlainSpan[]): ExportTraceServiceRequest {
  return create(ExportTraceServiceRequestSchema, {
    resourceSpans: spans.map((span) => ({
      resource: { attributes: keyValues(span.resource ?? {}) },
      scopeSpans: [
        {
          scope: { name: 'tests', ...span.scope, attributes: keyValues(span.scope?.attributes ?? {}) },
          spans: [
            {
              traceId: Buffer.from(span.traceId, 'hex'),
              spanId: Buffer.from(span.spanId, 'hex'),
              parentSpanId: Buffer.from(span.parentId ?? '', 'hex'),
              name: span.name,
              kind: span.kind ?? 0,
              startTimeUnixNano: span.startNanos,
              endTimeUnixNano: span.startNanos + BigInt(span.durationNanos),
              attributes: keyValues(span.attributes ?? {}),
              events: (span.events ?? []).map(({ name, afterNanos, attributes }) => ({
                name,
                timeUnixNano: span.startNanos + BigInt(afterNanos),
                attributes: keyValues(attributes ?? {}),
              })),
              links: (span.links ?? []).map(({ traceId, spanId, attributes }) => ({
                traceId: Buffer.from(traceId, 'hex'),
                spanId: Buffer.from(spanId, 'hex'),
                attributes: keyValues(attributes ?? {}),
              })),
              status: { code: span.status ?? 0, message: span.statusMessage ?? '' },
            },
          ],
        },
      ],
    })),
  })
}

function keyValues(attributes: Readonly<Record<string, PlainValue>>): KeyValue[] {
  return Object.entries(attributes).map(([key, value]) =>
    create(KeyValueSchema, { key, value: anyValue(value) }),
  )
}

function anyValue(value: PlainValue): AnyValue {
  if (typeof value === 'string') return create(AnyValueSchema, { value: { case: 'stringValue', value } })
  if (typeof value === 'boolean') return create(AnyValueSchema, { value: { case: 'boolValue', value } })
  if (typeof value !== 'number') {
    return create(AnyValueSchema, {
      value: { case: 'arrayValue', value: create(ArrayValueSchema, { values: value.map(anyValue) }) },
    })
  }
  if (!Number.isInteger(value)) return create(AnyValueSchema, { value: { case: 'doubleValue', value } })
  return create(AnyValueSchema, { value: { case: 'intValue', value: BigInt(value) } })
}
