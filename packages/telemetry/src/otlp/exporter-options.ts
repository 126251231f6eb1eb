import { readFileSync } from 'node:fs'
import { type Environment, readKeyValueList, readNumber, readString, WHOLE } from '../environment.ts'
import { defaults, type ExporterOptions } from '../options.ts'
import type { Signal } from './export-queue.ts'

/** Signal paths below the endpoint: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
const PATHS: Readonly<Record<Signal, string>> = {
  traces: '/v1/traces',
  logs: '/v1/logs',
  profiles: '/v1development/profiles',
}
const PREFIX = 'OTEL_EXPORTER_OTLP'
/** Prefix of the variables for batches; those of spans serve profiles too, which have none of their own. */
const BATCH_PREFIXES: Readonly<Record<Signal, string>> = {
  traces: 'OTEL_BSP',
  logs: 'OTEL_BLRP',
  profiles: 'OTEL_BSP',
}

/** Certificates in PEM, as `node:https` takes them. */
export interface TlsOptions {
  readonly ca?: Buffer
  readonly key?: Buffer
  readonly cert?: Buffer
}

/** How one signal leaves the process, with nothing left open. */
export interface SignalExporterOptions
  extends Pick<
    ExporterOptions,
    | 'headers'
    | 'compression'
    | 'timeoutMs'
    | 'scheduleDelayMs'
    | 'maxBatchSize'
    | 'maxQueueSize'
    | 'maxRetryMs'
  > {
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
  const text = (name: string): string | undefined =>
    readString(env, `${own}_${name}`) ?? readString(env, `${PREFIX}_${name}`)
  const batch = BATCH_PREFIXES[signal]
  const fallback = defaults.exporter
  return {
    url: urlOf(signal, options, env),
    headers: {
      ...readKeyValueList(env, `${PREFIX}_HEADERS`),
      ...readKeyValueList(env, `${own}_HEADERS`),
      ...options.headers,
    },
    compression: options.compression ?? compressionOf(text('COMPRESSION')) ?? fallback.compression,
    timeoutMs:
      options.timeoutMs ??
      readNumber(env, `${own}_TIMEOUT`, WHOLE) ??
      readNumber(env, `${PREFIX}_TIMEOUT`, WHOLE) ??
      fallback.timeoutMs,
    scheduleDelayMs:
      options.scheduleDelayMs ??
      readNumber(env, `${batch}_SCHEDULE_DELAY`, WHOLE) ??
      fallback.scheduleDelayMs,
    maxBatchSize:
      options.maxBatchSize ??
      readNumber(env, `${batch}_MAX_EXPORT_BATCH_SIZE`, WHOLE) ??
      fallback.maxBatchSize,
    maxQueueSize:
      options.maxQueueSize ?? readNumber(env, `${batch}_MAX_QUEUE_SIZE`, WHOLE) ?? fallback.maxQueueSize,
    maxRetryMs: options.maxRetryMs ?? fallback.maxRetryMs,
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
  const base = (endpoint: string): string => endpoint.replace(/\/+$/, '') + PATHS[signal]
  if (options.endpoint !== undefined) return base(options.endpoint)
  const own = readString(env, `${PREFIX}_${signal.toUpperCase()}_ENDPOINT`)
  return own ?? base(readString(env, `${PREFIX}_ENDPOINT`) ?? defaults.exporter.endpoint)
}

function compressionOf(value: string | undefined): 'none' | 'gzip' | undefined {
  if (value === undefined || value === 'gzip' || value === 'none') return value
  process.emitWarning(`compression ${value} of OTLP is not one of gzip and none; the default is used`)
  return undefined
}

function pem<K extends keyof TlsOptions>(key: K, file: string | undefined): TlsOptions {
  if (file === undefined) return {}
  try {
    return { [key]: readFileSync(file) }
  } catch (error) {
    throw new Error(`cannot read ${file}, named by a ${PREFIX}_* variable: ${(error as Error).message}`)
  }
}
