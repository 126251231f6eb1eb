import {
  type AnyValue,
  type Attributes,
  type Context,
  context,
  type HrTime,
  isValidSpanId,
  isValidTraceId,
  type LogRecord,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { millisToHrTime } from '@opentelemetry/core'
import { severityNumber } from './level.ts'
import { activeSpanContext } from './pino-options.ts'

/** Milliseconds below which a number can only be seconds: the year 1973, or 5138. */
const MAX_SECONDS = 1e11

/** What the logger's options call the fields of a line. */
export interface LineKeys {
  readonly message: string
  readonly error: string
  readonly time: string
  /** The field that holds the line's own fields, if they are not beside the others. */
  readonly nested: string | undefined
}

/** What pino tells of a line besides its text. */
export interface LineOrigin {
  readonly level: string
  readonly levelValue: number
  /** The JSON text of its time; empty without. */
  readonly time: string
}

type Fields = Record<string, unknown>

/** A pino line as a log record: what is on standard output is what is exported. */
export function toLogRecord(line: string, origin: LineOrigin, keys: LineKeys): LogRecord {
  const fields = parse(line)
  // A hook of the user's own may have made something else of the line.
  if (!fields) return { ...head(origin), body: line.trimEnd(), context: context.active() }

  const { [keys.message]: body, ...attributes } = fields
  if (saysLevel(attributes.level, origin)) delete attributes.level
  if (JSON.stringify(attributes[keys.time]) === origin.time) delete attributes[keys.time]
  const nested = keys.nested === undefined ? undefined : attributes[keys.nested]
  const own = isFields(nested) ? nested : attributes
  const correlation = correlate(own.trace_id === undefined ? attributes : own)
  if (own[keys.error] !== undefined && own[keys.error] !== null) {
    const { [keys.error]: error } = own
    delete own[keys.error]
    Object.assign(attributes, exceptionAttributes(error))
  }
  return { ...head(origin), body, attributes, context: correlation }
}

function head({ level, levelValue, time }: LineOrigin): LogRecord {
  return {
    timestamp: timeOf(time),
    severityNumber: severityNumber(level, levelValue),
    severityText: level,
  }
}

function parse(line: string): Fields | undefined {
  try {
    const parsed: unknown = JSON.parse(line)
    return isFields(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether the field says no more than the severity does. */
function saysLevel(value: unknown, { level, levelValue }: LineOrigin): boolean {
  return value === level || value === levelValue
}

/**
 * The context of a line's own ids, which are taken out of the fields. A line that was written for another request has
 * that request's; one whose ids are none of W3C's keeps them as fields and belongs to no span.
 */
function correlate(fields: Fields): Context {
  const active = context.active()
  const { trace_id: traceId, span_id: spanId, trace_flags: flags } = fields
  if (traceId === undefined && spanId === undefined) return active
  if (typeof traceId !== 'string' || typeof spanId !== 'string') return trace.deleteSpan(active)
  if (!isValidTraceId(traceId) || !isValidSpanId(spanId)) return trace.deleteSpan(active)
  delete fields.trace_id
  delete fields.span_id
  const current = activeSpanContext()
  if (current?.traceId === traceId && current.spanId === spanId) return active
  const traceFlags = flags === '00' || flags === 0 ? TraceFlags.NONE : TraceFlags.SAMPLED
  return trace.setSpanContext(active, { traceId, spanId, traceFlags })
}

/** The time that a line says it has, where it can be read, else now. @param text JSON */
function timeOf(text: string): HrTime {
  const value = text.startsWith('"') ? Date.parse(text.slice(1, -1)) : Number(text || Number.NaN)
  const unixMs = value < MAX_SECONDS && !text.startsWith('"') ? value * 1e3 : value
  return millisToHrTime(unixMs >= 0 && unixMs < Number.MAX_SAFE_INTEGER ? unixMs : Date.now())
}

const NAMES = new Map([
  ['type', 'exception.type'],
  ['message', 'exception.message'],
  ['stack', 'exception.stacktrace'],
])

/** An error as pino's serializer leaves it, under the names of the semantic conventions. */
function exceptionAttributes(error: AnyValue): Attributes {
  if (typeof error !== 'object' || error === null) return { 'exception.message': String(error) }
  return Object.fromEntries(
    Object.entries(error).map(([key, value]) => [NAMES.get(key) ?? `exception.${key}`, value]),
  )
}
