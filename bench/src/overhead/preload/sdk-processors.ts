/**
 * Loaded before the service: the SDK's processors and exporters in place of the telemetry package's own. Batches and
 * queue are as large as the package's, so that neither drops what the other sends.
 */
import { existsSync } from 'node:fs'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { BatchLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace'
import { defaults } from '../../../../packages/telemetry/src/options.ts'
import { redirect } from './redirect.ts'

const processors = new URL('../../../../packages/telemetry/src/otlp/processors.ts', import.meta.url)
if (!existsSync(processors)) throw new Error(`nothing to replace: there is no ${processors.pathname}`)
redirect([processors.href], import.meta.url)

const { maxBatchSize, maxQueueSize, scheduleDelayMs } = defaults.exporter
const batching = {
  maxExportBatchSize: maxBatchSize,
  maxQueueSize,
  scheduledDelayMillis: scheduleDelayMs,
}

/** Stands in for the package's class of that name. */
export class OtlpSpanProcessor extends BatchSpanProcessor {
  constructor() {
    super({ exporter: new OTLPTraceExporter(), ...batching })
  }
}

/** Stands in for the package's class of that name. */
export class OtlpLogRecordProcessor extends BatchLogRecordProcessor {
  constructor() {
    super({ exporter: new OTLPLogExporter(), ...batching })
  }
}
