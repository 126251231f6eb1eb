import { type DecodedLog, decodeLog, decodeMessage } from '@faultline/test-support/otlp-decode'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type LogRecordProcessor,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs'
import { PbfWriter } from 'pbf'
import { createLogPipeline, type LogPipeline } from '../../src/logs/logger.ts'
import { defaults, type LogOptions } from '../../src/options.ts'
import { writeLogRecord } from '../../src/otlp/encoding.ts'

/** A log pipeline on the SDK's own provider, whose records stay in memory. */
export class TestPipeline {
  readonly pipeline: LogPipeline
  readonly #exporter = new InMemoryLogRecordExporter()

  constructor(options: Partial<LogOptions> = {}, processors: readonly LogRecordProcessor[] = []) {
    const exporting = new SimpleLogRecordProcessor({ exporter: this.#exporter })
    const provider = new LoggerProvider({ processors: [exporting, ...processors] })
    const settings = { ...defaults.logs, stdout: false, ...options }
    this.pipeline = createLogPipeline(settings, provider.getLogger('test'))
  }

  get records(): readonly ReadableLogRecord[] {
    return this.#exporter.getFinishedLogRecords()
  }

  /** The one record since the last call. @throws Error when there is another number of them */
  take(): ReadableLogRecord {
    const [record, ...others] = this.records
    if (!record || others.length > 0) throw new Error(`${this.records.length} records`)
    this.#exporter.reset()
    return record
  }
}

/** A record as a collector reads it. */
export function decoded(
  record: ReadableLogRecord,
): Omit<DecodedLog, 'resource'> & { readonly bytes: number } {
  const pbf = new PbfWriter()
  writeLogRecord(record, pbf)
  const bytes = pbf.finish()
  return {
    ...decodeLog(decodeMessage('opentelemetry.proto.logs.v1.LogRecord', bytes)),
    bytes: bytes.length,
  }
}

/** Lets spans be active; the SDK does so in a service. */
export function useContexts(): Disposable {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  return { [Symbol.dispose]: () => context.disable() }
}
