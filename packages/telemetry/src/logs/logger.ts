import { type Span, trace } from '@opentelemetry/api'
import { type DestinationStream, destination, type Logger, type LoggerOptions, pino } from 'pino'
import type { LogOptions } from '../options.ts'
import type { Batcher } from '../otlp/batcher.ts'
import { RecordedSpan, type SpanScope } from '../trace/span.ts'
import { formatAccessLine } from './access-line.ts'
import { ACCESS_MESSAGE, type AccessRecord, writeAccessRecord } from './access-record.ts'
import { type LogLine, writeLogLine } from './record-encoding.ts'

/**
 * Bytes gathered before a write to standard output, and milliseconds after which fewer are written. A write
 * wakes a thread, which under load costs more than all else about a line; a pipe takes 64 KiB at once.
 */
const STDOUT_BUFFER_BYTES = 32 * 1024
const STDOUT_WRITE_BYTES = 64 * 1024
const STDOUT_FLUSH_MS = 100
/** Lines that nobody reads are dropped past this; a reader that hangs must not fill the memory. */
const STDOUT_LIMIT_BYTES = 16 * 1024 * 1024

const SCOPE: SpanScope = { name: '@faultline/telemetry', version: undefined }

/** The service's log lines: standard output and OTLP from one logger. */
export interface LogPipeline {
  readonly logger: Logger
  /** Writes the access line of a request. */
  access(record: AccessRecord): void
  /** Resolves when buffered lines are on standard output. */
  flush(): Promise<void>
}

/** @param batcher undefined leaves lines on standard output only */
export function createLogPipeline(options: LogOptions, batcher: Batcher | undefined): LogPipeline {
  const stdout = options.stdout
    ? destination({
        dest: 1,
        sync: false,
        minLength: STDOUT_BUFFER_BYTES,
        maxWrite: STDOUT_WRITE_BYTES,
        maxLength: STDOUT_LIMIT_BYTES,
        periodicFlush: STDOUT_FLUSH_MS,
      })
    : undefined

  const stream: DestinationStream = {
    write(line) {
      stdout?.write(line)
      batcher?.add(SCOPE, writeLogLine, JSON.parse(line) as LogLine)
    },
  }

  const settings: LoggerOptions = {
    base: null,
    ...options.pino,
    level: options.level,
    messageKey: 'msg',
    timestamp: true,
    formatters: { ...options.pino?.formatters, level: (label) => ({ level: label }) },
    mixin: () => traceFields(trace.getActiveSpan()),
  }
  const logger = pino(settings, stream)

  return {
    logger,
    access(record) {
      const { level, fields, span } = record
      if (!logger.isLevelEnabled(level)) return
      // Own settings, redaction for one, hold for access lines as well.
      if (options.pino) {
        logger[level]({ ...(span && traceFields(span)), ...fields }, ACCESS_MESSAGE)
        return
      }
      stdout?.write(formatAccessLine(record, Date.now()))
      batcher?.add(SCOPE, writeAccessRecord, record)
    },
    async flush() {
      // A closed or broken standard output is no reason to fail.
      if (stdout) await new Promise<void>((resolve) => stdout.flush(() => resolve()))
    },
  }
}

/** A new object each time, as pino adds the line's own fields to it. */
function traceFields(span: Span | undefined): { trace_id?: string; span_id?: string } {
  if (span instanceof RecordedSpan) return { trace_id: span.traceId, span_id: span.spanId }
  if (!span) return {}
  const { traceId, spanId } = span.spanContext()
  return { trace_id: traceId, span_id: spanId }
}
