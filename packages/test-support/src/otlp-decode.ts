import { readFileSync } from 'node:fs'
import { createFileRegistry, fromBinary, type JsonValue, toJson } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'

/**
 * Descriptors of the PyPI package opentelemetry-proto 1.45.2, so that what this package writes is read by code
 * that knows the protocol from elsewhere.
 */
const registry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, readFileSync(new URL('./otlp.binpb', import.meta.url))),
)

const MESSAGES = {
  traces: 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest',
  logs: 'opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest',
  profiles: 'opentelemetry.proto.collector.profiles.v1development.ExportProfilesServiceRequest',
} as const

export type Signal = keyof typeof MESSAGES

/** Decodes one message into protobuf's JSON form: 64-bit numbers are strings, bytes are Base64. */
export function decodeMessage(typeName: string, bytes: Uint8Array): JsonValue {
  const schema = registry.getMessage(typeName)
  if (!schema) throw new Error(`no descriptor of ${typeName}`)
  return toJson(schema, fromBinary(schema, bytes), { registry })
}

export function decodeRequest(signal: Signal, bytes: Uint8Array): JsonValue {
  return decodeMessage(MESSAGES[signal], bytes)
}

/** Decoded JSON, walked without a type of its own for every message. */
interface Json {
  readonly [key: string]: Json | undefined
}

function at(value: unknown): Json {
  return (value ?? {}) as Json
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : []
}

function hex(base64: unknown): string {
  return Buffer.from(String(base64 ?? ''), 'base64').toString('hex')
}

/** An `AnyValue` as plain JavaScript. */
function plain(value: Json | undefined): unknown {
  const any = at(value)
  if ('stringValue' in any) return String(any.stringValue)
  if ('intValue' in any) return Number(any.intValue)
  if ('doubleValue' in any) return Number(any.doubleValue)
  if ('boolValue' in any) return any.boolValue as unknown
  if ('bytesValue' in any) return Buffer.from(String(any.bytesValue), 'base64')
  if ('arrayValue' in any) return list(any.arrayValue?.values).map(plain)
  if ('kvlistValue' in any) return attributes(any.kvlistValue?.values)
  return null
}

function attributes(pairs: Json | undefined): Record<string, unknown> {
  return Object.fromEntries(list(pairs).map((pair) => [String(pair.key ?? ''), plain(pair.value)]))
}

export interface DecodedSpan {
  readonly resource: Readonly<Record<string, unknown>>
  readonly scope: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly traceState: string
  readonly name: string
  readonly kind: string
  readonly startNanos: bigint
  readonly endNanos: bigint
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: readonly {
    readonly name: string
    readonly attributes: Readonly<Record<string, unknown>>
  }[]
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly status: string
}

export function decodeSpans(body: Uint8Array): DecodedSpan[] {
  return list(at(decodeRequest('traces', body)).resourceSpans).flatMap((group) =>
    list(group.scopeSpans).flatMap((scope) =>
      list(scope.spans).map((span) => ({
        resource: attributes(group.resource?.attributes),
        scope: String(scope.scope?.name ?? ''),
        ...decodeSpan(span),
      })),
    ),
  )
}

export function decodeSpan(json: unknown): Omit<DecodedSpan, 'resource' | 'scope'> {
  const span = at(json)
  return {
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId),
    traceState: String(span.traceState ?? ''),
    name: String(span.name ?? ''),
    kind: String(span.kind ?? ''),
    startNanos: BigInt(String(span.startTimeUnixNano ?? 0)),
    endNanos: BigInt(String(span.endTimeUnixNano ?? 0)),
    attributes: attributes(span.attributes),
    events: list(span.events).map((event) => ({
      name: String(event.name ?? ''),
      attributes: attributes(event.attributes),
    })),
    links: list(span.links).map((link) => ({ traceId: hex(link.traceId), spanId: hex(link.spanId) })),
    status: String(span.status?.code ?? 'STATUS_CODE_UNSET'),
  }
}

export interface DecodedLog {
  readonly resource: Readonly<Record<string, unknown>>
  readonly timeNanos: bigint
  readonly severityNumber: string
  readonly severityText: string
  readonly body: unknown
  readonly attributes: Readonly<Record<string, unknown>>
  readonly traceId: string
  readonly spanId: string
}

export function decodeLogs(body: Uint8Array): DecodedLog[] {
  return list(at(decodeRequest('logs', body)).resourceLogs).flatMap((group) =>
    list(group.scopeLogs).flatMap((scope) =>
      list(scope.logRecords).map((record) => ({
        resource: attributes(group.resource?.attributes),
        ...decodeLog(record),
      })),
    ),
  )
}

export function decodeLog(json: unknown): Omit<DecodedLog, 'resource'> {
  const record = at(json)
  return {
    timeNanos: BigInt(String(record.timeUnixNano ?? 0)),
    severityNumber: String(record.severityNumber ?? ''),
    severityText: String(record.severityText ?? ''),
    body: plain(record.body),
    attributes: attributes(record.attributes),
    traceId: hex(record.traceId),
    spanId: hex(record.spanId),
  }
}

export interface DecodedSample {
  readonly value: number
  /** Function names, leaf first. */
  readonly stack: readonly string[]
  readonly attributes: Readonly<Record<string, unknown>>
  readonly traceId: string
  readonly spanId: string
}

export interface DecodedProfile {
  readonly resource: Readonly<Record<string, unknown>>
  /** `samples:count:cpu:nanoseconds`: sample type and unit, period type and unit. */
  readonly type: string
  readonly period: number
  readonly timeNanos: bigint
  readonly durationNanos: bigint
  readonly samples: readonly DecodedSample[]
}

export function decodeProfiles(body: Uint8Array): DecodedProfile[] {
  const request = at(decodeRequest('profiles', body))
  const { dictionary = at({}) } = request
  const string = (index: unknown): string => String(list(dictionary.stringTable)[Number(index ?? 0)] ?? '')
  const valueType = (type: Json | undefined): string =>
    `${string(type?.typeStrindex)}:${string(type?.unitStrindex)}`
  const functionName = (location: unknown): string => {
    const [line] = list(list(dictionary.locationTable)[Number(location)]?.lines)
    return string(list(dictionary.functionTable)[Number(line?.functionIndex ?? 0)]?.nameStrindex)
  }
  return list(request.resourceProfiles).flatMap((group) =>
    list(group.scopeProfiles).flatMap((scope) =>
      list(scope.profiles).map((profile) => ({
        resource: attributes(group.resource?.attributes),
        type: `${valueType(profile.sampleType)}:${valueType(profile.periodType)}`,
        period: Number(profile.period ?? 0),
        timeNanos: BigInt(String(profile.timeUnixNano ?? 0)),
        durationNanos: BigInt(String(profile.durationNano ?? 0)),
        samples: list(profile.samples).map((sample) => {
          const link = list(dictionary.linkTable)[Number(sample.linkIndex ?? 0)]
          const stack = list(dictionary.stackTable)[Number(sample.stackIndex ?? 0)]
          return {
            value: Number(list(sample.values)[0] ?? 0),
            stack: list(stack?.locationIndices).map(functionName),
            attributes: Object.fromEntries(
              list(sample.attributeIndices)
                .map((index) => at(list(dictionary.attributeTable)[Number(index)]))
                .map((entry) => [string(entry.keyStrindex), plain(entry.value)]),
            ),
            traceId: hex(link?.traceId),
            spanId: hex(link?.spanId),
          }
        }),
      })),
    ),
  )
}
