import type { PbfWriter } from 'pbf'
import { writeAnyValue, writeAttribute } from '../otlp/attributes.ts'
import { writeHexField } from '../otlp/hex.ts'
import { severityNumber } from './severity.ts'

/** A pino line, parsed: what is written to standard output is what is exported. */
export interface LogLine {
  readonly level?: unknown
  readonly time?: unknown
  readonly msg?: unknown
  readonly trace_id?: unknown
  readonly span_id?: unknown
  readonly [field: string]: unknown
}

const OWN_FIELDS = new Set(['level', 'time', 'msg', 'trace_id', 'span_id', 'err'])
/** W3C sampled flag. */
const FLAG_SAMPLED = 1

/** Writes a parsed line as `opentelemetry.proto.logs.v1.LogRecord`. */
export function writeLogLine(line: LogLine, pbf: PbfWriter): void {
  writeHead(pbf, typeof line.time === 'number' ? line.time : Date.now(), String(line.level ?? ''), line.msg)
  for (const key in line) {
    if (!OWN_FIELDS.has(key)) writeAttribute(pbf, 6, key, line[key])
  }
  if (line.err !== undefined) writeException(line.err, pbf)
  if (typeof line.trace_id === 'string' && typeof line.span_id === 'string') {
    writeTraceIds(pbf, line.trace_id, line.span_id)
  }
}

/** Writes time, severity and body. @param timeMs milliseconds since the Unix epoch */
export function writeHead(pbf: PbfWriter, timeMs: number, level: string, body: unknown): void {
  pbf.writeTag(1, 1)
  pbf.writeFixed64(timeMs * 1e6)
  const severity = severityNumber(level)
  if (severity !== 0) pbf.writeVarintField(2, severity)
  pbf.writeStringField(3, level)
  if (body !== undefined) writeAnyValue(pbf, 5, body)
}

/** Writes the record's own id fields, which Loki shows as structured metadata `trace_id` and `span_id`. */
export function writeTraceIds(pbf: PbfWriter, traceId: string, spanId: string): void {
  pbf.writeTag(8, 5)
  pbf.writeFixed32(FLAG_SAMPLED)
  writeHexField(pbf, 9, traceId)
  writeHexField(pbf, 10, spanId)
  pbf.writeTag(11, 1)
  pbf.writeFixed64(Date.now() * 1e6)
}

/** pino's serialized error under the names of the semantic conventions. */
function writeException(error: unknown, pbf: PbfWriter): void {
  if (typeof error !== 'object' || error === null) {
    writeAttribute(pbf, 6, 'exception.message', String(error))
    return
  }
  for (const [key, value] of Object.entries(error)) {
    writeAttribute(pbf, 6, EXCEPTION_NAMES[key] ?? `exception.${key}`, value)
  }
}

const EXCEPTION_NAMES: Readonly<Record<string, string>> = {
  type: 'exception.type',
  message: 'exception.message',
  stack: 'exception.stacktrace',
}
