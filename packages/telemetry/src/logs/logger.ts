import { context, diag, type Logger as OtlpLogger, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { millisToHrTime } from '@opentelemetry/core'
import { type DestinationStream, destination, type Logger, pino, symbols } from 'pino'
import type { LogOptions } from '../options.ts'
import { ACCESS_MESSAGE, type AccessRecord, formatAccessLine } from './access-line.ts'
import { nearestLevel, severityNumber } from './level.ts'
import { type LineKeys, toLogRecord } from './line-record.ts'
import { pinoSettings, timeKeyOf } from './pino-options.ts'

/**
 * Bytes gathered before a write to standard output, and milliseconds after which fewer are written. A write
 * wakes a thread, which under load costs more than all else about a line; a pipe takes 64 KiB at once.
 */
const STDOUT_BUFFER_BYTES = 32 * 1024
const STDOUT_WRITE_BYTES = 64 * 1024
const STDOUT_FLUSH_MS = 100
/** Lines that nobody reads are dropped past this; a reader that hangs must not fill the memory. */
const STDOUT_LIMIT_BYTES = 16 * 1024 * 1024

/** The service's log lines: standard output and OTLP from one logger. */
export interface LogPipeline {
  readonly logger: Logger
  /** Writes the access line of a request. */
  access(record: AccessRecord): void
  /** Resolves when buffered lines are on standard output. */
  flush(): Promise<void>
}

/**
 * @param otlp undefined leaves lines on standard output only
 * @throws TypeError for a pino option that cannot be honoured
 */
export function createLogPipeline(options: LogOptions, otlp: OtlpLogger | undefined): LogPipeline {
  const settings = pinoSettings(options)
  const { messageKey = 'msg', errorKey = 'err', nestedKey } = settings
  const keys = { message: messageKey, error: errorKey, nested: nestedKey, time: timeKeyOf(settings) }
  const output = new LineOutput(options.stdout ? openStdout() : undefined, otlp, keys)
  const logger = pino(settings, output)

  return {
    logger,
    access(record) {
      const { fields, spanContext, err } = record
      const level = nearestLevel(record.level, logger.levels.values) as AccessRecord['level']
      if (!logger.isLevelEnabled(level)) return
      const active = spanContext ? trace.setSpanContext(ROOT_CONTEXT, spanContext) : ROOT_CONTEXT
      // Own settings, redaction for one, hold for access lines as well. pino also knows how errors are written.
      if (options.pino || err !== undefined) {
        context.with(active, () => logger[level]({ ...fields, [errorKey]: err }, ACCESS_MESSAGE))
        return
      }
      const timeMs = Date.now()
      output.print(formatAccessLine(record, timeMs))
      if (!otlp) return
      const timestamp = millisToHrTime(timeMs)
      try {
        otlp.emit({
          timestamp,
          observedTimestamp: timestamp,
          severityNumber: severityNumber(level, logger.levels.values[level] ?? 0),
          severityText: level,
          body: ACCESS_MESSAGE,
          // Undefined ones are left out by the SDK.
          attributes: fields,
          context: active,
        })
      } catch (error) {
        diag.error('an access line could not be exported', error)
      }
    },
    flush: () => new Promise((resolve) => output.flush(() => resolve())),
  }
}

type Stdout = ReturnType<typeof destination>

function openStdout(): Stdout {
  return destination({
    dest: 1,
    sync: false,
    minLength: STDOUT_BUFFER_BYTES,
    maxWrite: STDOUT_WRITE_BYTES,
    maxLength: STDOUT_LIMIT_BYTES,
    periodicFlush: STDOUT_FLUSH_MS,
  })
}

/** Where pino writes: it never throws, so that no log call does. */
class LineOutput implements DestinationStream {
  // pino then says of each line what its text alone does not.
  readonly [symbols.needsMetadataGsym] = true
  lastLevel = 0
  lastTime = ''
  lastMsg = ''
  lastObj: object = {}
  lastLogger: Logger | undefined
  readonly #stdout: Stdout | undefined
  readonly #otlp: OtlpLogger | undefined
  readonly #keys: LineKeys
  #isEmitting = false

  constructor(stdout: Stdout | undefined, otlp: OtlpLogger | undefined, keys: LineKeys) {
    this.#stdout = stdout
    this.#otlp = otlp
    this.#keys = keys
  }

  write(line: string): void {
    this.print(line)
    // A processor that logs would go round in circles; its lines are on standard output.
    if (!this.#otlp || this.#isEmitting) return
    this.#isEmitting = true
    try {
      this.#emit(this.#otlp, line)
    } catch (error) {
      diag.error('a log line could not be exported', error)
    } finally {
      this.#isEmitting = false
    }
  }

  print(line: string): void {
    try {
      this.#stdout?.write(line)
    } catch (error) {
      diag.error('standard output takes no lines', error)
    }
  }

  /** pino calls this for a fatal line, after which the process may end. */
  flushSync(): void {
    this.#stdout?.flushSync()
  }

  // A closed or broken standard output is no reason to fail.
  flush(done: () => void): void {
    if (this.#stdout) this.#stdout.flush(() => done())
    else done()
  }

  #emit(otlp: OtlpLogger, line: string): void {
    const levelValue = this.lastLevel
    const level = this.lastLogger?.levels.labels[levelValue] ?? String(levelValue)
    otlp.emit(toLogRecord(line, { level, levelValue, time: this.lastTime }, this.#keys))
  }
}
