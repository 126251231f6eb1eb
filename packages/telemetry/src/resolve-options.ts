import { type Environment, readBoolean, readList, readNumber, readString } from './environment.ts'
import { parseLogLevel } from './logs/level.ts'
import {
  defaults,
  type HttpClientOptions,
  type LogOptions,
  type MetricsOptions,
  type TelemetryOptions,
  type TraceOptions,
} from './options.ts'

/** Options with nothing left open; undefined for a signal that is off. */
export interface ResolvedOptions {
  readonly traces: TraceOptions | undefined
  readonly metrics: MetricsOptions | undefined
  /** Always there, as a service keeps its lines on standard output whatever is off. */
  readonly logs: LogOptions
  /** `OTEL_SDK_DISABLED`: nothing but a logger. */
  readonly isDisabled: boolean
  readonly httpClient: HttpClientOptions | undefined
  readonly baggageKeys: ReadonlySet<string>
  /** Holds also where no spans are exported, as they are made for the metrics. */
  readonly trustIncomingContext: boolean
}

/**
 * Option in code, else environment, else default. What the environment switches off (`OTEL_SDK_DISABLED`, `none` as
 * an exporter) nothing in code overrules.
 */
export function resolveOptions(options: TelemetryOptions, env: Environment): ResolvedOptions {
  const isOff = readBoolean(env, 'OTEL_SDK_DISABLED') ?? false
  const signals = isOff ? ({ traces: false, metrics: false, logs: false } as const) : options
  const traces = resolveSignal(signals.traces, env, 'OTEL_TRACES_EXPORTER', defaults.traces, {
    keepRatio: readNumber(env, 'FAULTLINE_TRACES_KEEP_RATIO', { min: 0, max: 1 }),
  })
  return {
    isDisabled: isOff,
    traces,
    metrics: resolveSignal(signals.metrics, env, 'OTEL_METRICS_EXPORTER', defaults.metrics, {}),
    logs: resolveLogs(signals.logs, env),
    httpClient: options.httpClient === false ? undefined : { ...defaults.httpClient, ...options.httpClient },
    baggageKeys: new Set(
      options.baggage?.keys ?? readList(env, 'FAULTLINE_BAGGAGE_KEYS') ?? defaults.baggage.keys,
    ),
    trustIncomingContext: (options.traces || defaults.traces).trustIncomingContext ?? true,
  }
}

function resolveLogs(option: false | Partial<LogOptions> | undefined, env: Environment): LogOptions {
  const own = option ? (option.pino?.customLevels ?? {}) : {}
  const named = readString(env, 'LOG_LEVEL')
  const level = named === undefined ? undefined : parseLogLevel(named, own)
  const otlp = readString(env, 'OTEL_LOGS_EXPORTER') === 'console' ? false : undefined
  const logs = resolveSignal(option, env, 'OTEL_LOGS_EXPORTER', defaults.logs, { level, otlp })
  if (logs) return { ...logs, level: parseLogLevel(logs.level, own) ?? defaults.logs.level }
  return { level: level ?? defaults.logs.level, stdout: true, accessLog: false, otlp: false }
}

function resolveSignal<T extends object>(
  option: false | Partial<T> | undefined,
  env: Environment,
  exporterVariable: string,
  fallback: T,
  fromEnv: { readonly [K in keyof T]?: T[K] | undefined },
): T | undefined {
  if (option === false || readString(env, exporterVariable) === 'none') return undefined
  return { ...fallback, ...defined(fromEnv), ...defined(option ?? {}) } as T
}

/** Leaves out what is undefined, so that it does not cover a default. */
function defined<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
