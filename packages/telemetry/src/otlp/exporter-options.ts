import { readFileSync } from 'node:fs'
import type { AgentOptions } from 'node:https'
import { type Environment, readKeyValueList, readNumber, readString, WHOLE } from '../environment.ts'
import { defaults, type ExporterOptions } from '../options.ts'
import type { Signal } from './observer.ts'

const PREFIX = 'OTEL_EXPORTER_OTLP'
/**
 * Path below the endpoint (https://opentelemetry.io/docs/specs/otlp/#otlphttp-request) and prefix of the variables for
 * batches; those of spans serve profiles too, which have none of their own.
 */
const SIGNALS = {
  traces: { path: '/v1/traces', batch: 'OTEL_BSP' },
  logs: { path: '/v1/logs', batch: 'OTEL_BLRP' },
  profiles: { path: '/v1development/profiles', batch: 'OTEL_BSP' },
} as const satisfies Record<Signal, object>

/** Certificates in PEM. */
type TlsOptions = Pick<AgentOptions, 'ca' | 'key' | 'cert'>

/** How one signal leaves the process, with nothing left open. */
export interface SignalExporterOptions
  extends Omit<ExporterOptions, 'endpoint' | 'tracesEndpoint' | 'logsEndpoint' | 'profilesEndpoint'> {
  readonly url: string
  readonly tls: TlsOptions
}

/**
 * Option in code, else the signal's own variable, else the one for all signals, else the default.
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/#configuration-options
 * @throws Error when a file with a certificate cannot be read
 */
export function resolveExporter(
  signal: Signal,
  options: Partial<ExporterOptions>,
  env: Environment,
): SignalExporterOptions {
  const own = `${PREFIX}_${signal.toUpperCase()}`
  const { batch } = SIGNALS[signal]
  const text = (name: string): string | undefined =>
    readString(env, `${own}_${name}`) ?? readString(env, `${PREFIX}_${name}`)
  const count = (name: string): number | undefined => readNumber(env, name, WHOLE)
  const { compression, timeoutMs, scheduleDelayMs, maxBatchSize, maxQueueSize, maxRetryMs } = options
  const fallback = defaults.exporter
  return {
    url: urlOf(signal, options, env),
    headers: {
      ...readKeyValueList(env, `${PREFIX}_HEADERS`),
      ...readKeyValueList(env, `${own}_HEADERS`),
      ...options.headers,
    },
    compression: compression ?? compressionOf(text('COMPRESSION')) ?? fallback.compression,
    timeoutMs: timeoutMs ?? count(`${own}_TIMEOUT`) ?? count(`${PREFIX}_TIMEOUT`) ?? fallback.timeoutMs,
    scheduleDelayMs: scheduleDelayMs ?? count(`${batch}_SCHEDULE_DELAY`) ?? fallback.scheduleDelayMs,
    maxBatchSize: maxBatchSize ?? count(`${batch}_MAX_EXPORT_BATCH_SIZE`) ?? fallback.maxBatchSize,
    maxQueueSize: maxQueueSize ?? count(`${batch}_MAX_QUEUE_SIZE`) ?? fallback.maxQueueSize,
    maxRetryMs: maxRetryMs ?? fallback.maxRetryMs,
    tls: {
      ...pem('ca', text('CERTIFICATE')),
      ...pem('key', text('CLIENT_KEY')),
      ...pem('cert', text('CLIENT_CERTIFICATE')),
    },
  }
}

function urlOf(signal: Signal, options: Partial<ExporterOptions>, env: Environment): string {
  const { tracesEndpoint: traces, logsEndpoint: logs, profilesEndpoint: profiles } = options
  const inCode = { traces, logs, profiles }[signal]
  if (inCode !== undefined) return inCode
  const base = (endpoint: string): string => endpoint.replace(/\/+$/, '') + SIGNALS[signal].path
  if (options.endpoint !== undefined) return base(options.endpoint)
  const own = readString(env, `${PREFIX}_${signal.toUpperCase()}_ENDPOINT`)
  return own ?? base(readString(env, `${PREFIX}_ENDPOINT`) ?? defaults.exporter.endpoint)
}

function compressionOf(value: string | undefined): 'none' | 'gzip' | undefined {
  if (value === undefined || value === 'gzip' || value === 'none') return value
  process.emitWarning(`compression ${value} of OTLP is not one of gzip and none; the default is used`)
  return undefined
}

function pem(key: keyof TlsOptions, file: string | undefined): TlsOptions {
  if (file === undefined) return {}
  try {
    return { [key]: readFileSync(file) }
  } catch (error) {
    throw new Error(`cannot read ${file}, named by a ${PREFIX}_* variable: ${(error as Error).message}`)
  }
}
