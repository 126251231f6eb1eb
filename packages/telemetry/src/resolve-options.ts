import {
  type Environment,
  readBoolean,
  readKeyValueList,
  readList,
  readNumber,
  readString,
} from './environment.ts'
import {
  defaults,
  type ExporterOptions,
  type HttpClientOptions,
  type LogOptions,
  type MetricsOptions,
  type ProfileOptions,
  type TelemetryOptions,
  type TraceOptions,
} from './options.ts'
import type { ResourceAttributes } from './resource.ts'

/** Options with nothing left open; undefined for a signal that is off. */
export interface ResolvedOptions {
  readonly serviceName: string
  readonly serviceVersion: string | undefined
  readonly serviceInstanceId: string | undefined
  readonly resourceAttributes: ResourceAttributes
  readonly exporter: ExporterOptions
  readonly traces: TraceOptions | undefined
  readonly metrics: MetricsOptions | undefined
  /** Always there, as a service keeps its lines on standard output whatever is off. */
  readonly logs: LogOptions
  readonly profiles: ProfileOptions | undefined
  readonly httpClient: HttpClientOptions | undefined
  readonly baggageKeys: ReadonlySet<string>
  /** Milliseconds; the sampler's threshold, which exemplars follow also without traces. */
  readonly slowThresholdMs: number
}

/**
 * Option in code, else environment, else default. The one exception is the kill switch `OTEL_SDK_DISABLED`,
 * which nothing in code overrules.
 */
export function resolveOptions(options: TelemetryOptions, env: Environment): ResolvedOptions {
  const { 'service.name': nameInList, ...listed } = readKeyValueList(env, 'OTEL_RESOURCE_ATTRIBUTES')
  const serviceName = options.serviceName ?? readString(env, 'OTEL_SERVICE_NAME') ?? nameInList
  const isOff = readBoolean(env, 'OTEL_SDK_DISABLED') ?? false
  const signals = isOff ? ({ traces: false, metrics: false, logs: false, profiles: false } as const) : options
  const traces = resolveSignal(signals.traces, env, 'OTEL_TRACES_EXPORTER', defaults.traces, {
    keepRatio: readNumber(env, 'FAULTLINE_TRACES_KEEP_RATIO', { min: 0, max: 1 }),
  })
  return {
    serviceName: serviceName ?? defaults.serviceName,
    serviceVersion: options.serviceVersion,
    serviceInstanceId: options.serviceInstanceId ?? readString(env, 'OTEL_SERVICE_INSTANCE_ID'),
    resourceAttributes: { ...listed, ...options.resourceAttributes },
    exporter: resolveExporter(options.exporter ?? {}, env),
    traces,
    metrics: resolveSignal(signals.metrics, env, 'OTEL_METRICS_EXPORTER', defaults.metrics, {}),
    logs: resolveLogs(signals.logs, env),
    profiles: resolveSignal(signals.profiles, env, 'FAULTLINE_PROFILES_EXPORTER', defaults.profiles, {
      spanLabels: readBoolean(env, 'FAULTLINE_PROFILES_SPAN_LABELS'),
    }),
    httpClient: options.httpClient === false ? undefined : { ...defaults.httpClient, ...options.httpClient },
    baggageKeys: new Set(
      options.baggage?.keys ?? readList(env, 'FAULTLINE_BAGGAGE_KEYS') ?? defaults.baggage.keys,
    ),
    slowThresholdMs: (traces ?? defaults.traces).slowThresholdMs,
  }
}

function resolveLogs(option: false | Partial<LogOptions> | undefined, env: Environment): LogOptions {
  const level = readString(env, 'LOG_LEVEL')
  const otlp = readString(env, 'OTEL_LOGS_EXPORTER') === 'console' ? false : undefined
  const logs = resolveSignal(option, env, 'OTEL_LOGS_EXPORTER', defaults.logs, { level, otlp })
  return logs ?? { level: level ?? defaults.logs.level, stdout: true, accessLog: false, otlp: false }
}

function resolveSignal<T extends object>(
  option: false | Partial<T> | undefined,
  env: Environment,
  exporterVariable: string,
  fallback: T,
  fromEnv: { readonly [K in keyof T]?: T[K] | undefined },
): T | undefined {
  if (option === false) return undefined
  if (option === undefined && readString(env, exporterVariable) === 'none') return undefined
  return { ...fallback, ...defined(fromEnv), ...defined(option ?? {}) } as T
}

function resolveExporter(options: Partial<ExporterOptions>, env: Environment): ExporterOptions {
  const prefix = 'OTEL_EXPORTER_OTLP'
  const protocol = readString(env, `${prefix}_PROTOCOL`)
  if (protocol !== undefined && protocol !== 'http/protobuf') {
    process.emitWarning(`${prefix}_PROTOCOL=${protocol} is not supported; http/protobuf is used`)
  }
  const compression = readString(env, `${prefix}_COMPRESSION`)
  const fromEnv = {
    endpoint: readString(env, `${prefix}_ENDPOINT`),
    tracesEndpoint: readString(env, `${prefix}_TRACES_ENDPOINT`),
    logsEndpoint: readString(env, `${prefix}_LOGS_ENDPOINT`),
    profilesEndpoint: readString(env, `${prefix}_PROFILES_ENDPOINT`),
    compression: compression === 'gzip' || compression === 'none' ? compression : undefined,
    timeoutMs: readNumber(env, `${prefix}_TIMEOUT`, { min: 1 }),
    scheduleDelayMs: readNumber(env, 'OTEL_BSP_SCHEDULE_DELAY', { min: 1 }),
    maxBatchSize: readNumber(env, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', { min: 1 }),
    maxQueueSize: readNumber(env, 'OTEL_BSP_MAX_QUEUE_SIZE', { min: 1 }),
  } as const
  const resolved = { ...defaults.exporter, ...defined(fromEnv), ...defined(options) }
  const headers = { ...readKeyValueList(env, `${prefix}_HEADERS`), ...options.headers }
  return { ...resolved, headers }
}

/** Leaves out what is undefined, so that it does not cover a default. */
function defined<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
