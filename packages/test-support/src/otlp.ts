import { randomBytes } from 'node:crypto'

// OTLP as JSON, as far as the tests send and read it.
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding

export interface AnyValue {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: string | number
  readonly doubleValue?: number
  readonly arrayValue?: { readonly values?: readonly AnyValue[] }
  readonly kvlistValue?: { readonly values?: readonly KeyValue[] }
}

export interface KeyValue {
  readonly key: string
  readonly value: AnyValue
}

export type Plain = string | boolean | number | readonly Plain[] | { readonly [key: string]: Plain }

export function anyValue(value: Plain): AnyValue {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } }
  return { kvlistValue: { values: attributes(value as Readonly<Record<string, Plain>>) } }
}

export function attributes(values: Readonly<Record<string, Plain>>): readonly KeyValue[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }))
}

export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes?: readonly KeyValue[]
  readonly events?: readonly { readonly name: string; readonly attributes?: readonly KeyValue[] }[]
  readonly status?: { readonly code?: number; readonly message?: string }
}

export const SPAN_KIND = { internal: 1, server: 2, client: 3 } as const
export const STATUS_ERROR = 2

export interface SpanOptions {
  readonly traceId?: string
  readonly name?: string
  readonly kind?: keyof typeof SPAN_KIND
  /** Duration in ms; 10 by default. The span ends now. */
  readonly duration?: number
  readonly attributes?: Readonly<Record<string, Plain>>
  readonly events?: Span['events']
  readonly status?: Span['status']
}

export function span(options: SpanOptions = {}): Span {
  const end = BigInt(Date.now()) * 1_000_000n
  const duration = BigInt(Math.round((options.duration ?? 10) * 1_000_000))
  return {
    traceId: options.traceId ?? randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    name: options.name ?? 'GET /concerts/{concertId}',
    kind: SPAN_KIND[options.kind ?? 'server'],
    startTimeUnixNano: String(end - duration),
    endTimeUnixNano: String(end),
    attributes: attributes(options.attributes ?? {}),
    events: options.events ?? [],
    status: options.status ?? {},
  }
}

interface Resource {
  readonly attributes?: readonly KeyValue[]
}

function resource(service: string, instance: string): Resource {
  return { attributes: attributes({ 'service.name': service, 'service.instance.id': instance }) }
}

export interface TracesRequest {
  readonly resourceSpans?: readonly {
    readonly resource?: Resource
    readonly scopeSpans?: readonly { readonly spans?: readonly Span[] }[]
  }[]
}

export function traces(
  spans: readonly Span[],
  service = 'catalog',
  instance = `${service}-1`,
): TracesRequest {
  return { resourceSpans: [{ resource: resource(service, instance), scopeSpans: [{ spans }] }] }
}

export interface LogRecord {
  readonly timeUnixNano: string
  readonly severityNumber?: number
  readonly severityText?: string
  readonly body: AnyValue
  readonly attributes?: readonly KeyValue[]
  readonly traceId?: string
  readonly spanId?: string
}

export function logRecord(
  body: Plain,
  values: Readonly<Record<string, Plain>> = {},
  ids: Partial<LogRecord> = {},
): LogRecord {
  return {
    timeUnixNano: String(BigInt(Date.now()) * 1_000_000n),
    severityNumber: 9,
    severityText: 'INFO',
    body: anyValue(body),
    attributes: attributes(values),
    ...ids,
  }
}

export interface LogsRequest {
  readonly resourceLogs?: readonly {
    readonly resource?: Resource
    readonly scopeLogs?: readonly { readonly logRecords?: readonly LogRecord[] }[]
  }[]
}

export function logs(
  logRecords: readonly LogRecord[],
  service = 'catalog',
  instance = `${service}-1`,
): LogsRequest {
  return { resourceLogs: [{ resource: resource(service, instance), scopeLogs: [{ logRecords }] }] }
}

export interface DataPoint {
  readonly attributes?: readonly KeyValue[]
  readonly asInt?: string
  readonly asDouble?: number
  readonly count?: string
  readonly exemplars?: readonly {
    readonly traceId?: string
    readonly spanId?: string
    readonly asDouble?: number
  }[]
}

export interface Metric {
  readonly name: string
  readonly sum?: { readonly dataPoints?: readonly DataPoint[] }
  readonly gauge?: { readonly dataPoints?: readonly DataPoint[] }
  readonly histogram?: { readonly dataPoints?: readonly DataPoint[] }
}

export interface MetricsRequest {
  readonly resourceMetrics?: readonly {
    readonly resource?: Resource
    readonly scopeMetrics?: readonly { readonly metrics?: readonly Metric[] }[]
  }[]
}

/** The attributes as an object; values as they stand in OTLP's JSON, so integers are text. */
export function plain(
  list: readonly KeyValue[] | undefined,
): Readonly<Record<string, string | number | boolean | undefined>> {
  return Object.fromEntries(
    (list ?? []).map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? value.intValue ?? value.doubleValue,
    ]),
  )
}

/** Sends one request of OTLP/HTTP; anything but 200 is an error. */
export async function send(endpoint: string, path: string, body: unknown): Promise<void> {
  const response = await fetch(`${endpoint}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`)
}
