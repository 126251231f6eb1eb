import type { IncomingMessage } from 'node:http'
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs'
import type { IMetricReader, ViewOptions } from '@opentelemetry/sdk-metrics'
import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node'
import type { Sampler, SpanProcessor } from '@opentelemetry/sdk-trace'
import type { LoggerOptions } from 'pino'
import type { OpenMetricsContentType, Registry } from 'prom-client'
import { defined, type Environment, readBoolean, readList, readNumber, readString } from './environment.ts'
import { DEFAULT_LEVEL, parseLogLevel } from './logs/level.ts'
import type { ExemplarPolicy } from './metrics/exemplar.ts'
import type { ProfilesPlugin } from './profiles/plugin.ts'
import { KEEP_RATIO, SLOW_THRESHOLD_MS } from './trace/keep.ts'

/** Where and how OTLP batches leave the process. */
export interface ExporterOptions {
  /** Base URL of an OTLP/HTTP receiver; `/v1/traces` and so on is appended. */
  readonly endpoint: string
  /** Full URL for one signal, instead of `endpoint`; for instance profiles straight to Pyroscope. */
  readonly tracesEndpoint?: string | undefined
  readonly logsEndpoint?: string | undefined
  readonly profilesEndpoint?: string | undefined
  /** Sent with every export request, for instance an authorization header. */
  readonly headers: Readonly<Record<string, string>>
  readonly compression: 'none' | 'gzip'
  /** Milliseconds one export request may take. */
  readonly timeoutMs: number
  /** Milliseconds between two exports of spans and log records. */
  readonly scheduleDelayMs: number
  /** Spans or log records in one request. */
  readonly maxBatchSize: number
  /** Spans or log records that may wait for the collector; newer ones are dropped and counted. */
  readonly maxQueueSize: number
  /** Milliseconds a batch is retried before it is dropped and counted. */
  readonly maxRetryMs: number
}

export interface TraceOptions {
  /**
   * Share of traces (0 to 1) that this service marks as kept when it starts a trace: attribute
   * `sampling.keep` and tracestate member `faultline=keep`, for the collector's tail sampler.
   */
  readonly keepRatio: number
  /** Milliseconds from which a request counts as slow, which the tail sampler keeps anyway. */
  readonly slowThresholdMs: number
  /**
   * Continue the caller's trace and honour its keep mark. Switch it off where untrusted callers arrive:
   * their context then becomes a span link.
   */
  readonly trustIncomingContext: boolean
}

export interface MetricsOptions {
  /** Seconds; the semantic conventions' advice for durations by default. */
  readonly durationBuckets: readonly number[]
  /** Event loop, garbage collection, heap, CPU and memory of the process. */
  readonly runtime: boolean
  /**
   * Which spans an observation may point to: `kept`, those whose trace the tail sampler keeps; `sampled`, every one
   * that is exported, for people without tail sampling.
   */
  readonly exemplars: ExemplarPolicy
}

export interface LogOptions {
  /** Lowest level that is written and exported. */
  readonly level: string
  /** One `request completed` line a request. */
  readonly accessLog: boolean
  /** Write the lines to standard output as JSON, besides exporting them. */
  readonly stdout: boolean
  /** Send the lines over OTLP. */
  readonly otlp: boolean
  /** Passed on to pino: redaction, serializers, base fields. */
  readonly pino?: LoggerOptions | undefined
}

export interface HttpClientOptions {
  /** `peer.service` by origin, for instance `{ 'http://127.0.0.1:8082': 'catalog' }`. */
  readonly peerServices: Readonly<Record<string, string>>
}

export interface BaggageOptions {
  /**
   * Members of W3C baggage that are carried on, in and out, over HTTP and messages; also attributes of server and
   * consumer spans. What is not listed is dropped, and everything from callers that are not trusted
   * (`traces.trustIncomingContext`). Values must be few and tell nothing of a person.
   */
  readonly keys: readonly string[]
}

/** What goes into a {@link NodeSDKConfiguration}, by `faultline(options)`. */
export interface FaultlineOptions {
  /** `OTEL_SERVICE_NAME` */
  readonly serviceName?: string
  readonly serviceVersion?: string
  /** `OTEL_SERVICE_INSTANCE_ID`, or `service.instance.id` in `OTEL_RESOURCE_ATTRIBUTES`; else random. */
  readonly serviceInstanceId?: string
  /** More resource attributes, over those of `OTEL_RESOURCE_ATTRIBUTES`. */
  readonly resourceAttributes?: Readonly<Record<string, string | number | boolean>>
  readonly exporter?: Partial<ExporterOptions>
  /** `false` exports no spans, as does `OTEL_TRACES_EXPORTER=none`; metrics are made of them all the same. */
  readonly traces?: false | Partial<TraceOptions>
  /** `false` switches the signal off, as does `OTEL_METRICS_EXPORTER=none`. */
  readonly metrics?: false | Partial<MetricsOptions>
  /** Where metrics are kept; by `createRegistry()`, as only OpenMetrics has exemplars. */
  readonly register?: Registry<OpenMetricsContentType>
  /** Span processors beside ours. */
  readonly spanProcessors?: readonly SpanProcessor[]
  /** Log record processors beside ours. */
  readonly logRecordProcessors?: readonly LogRecordProcessor[]
  /** Decides what is recorded, in place of the one that `OTEL_TRACES_SAMPLER` names; the keep mark goes around it. */
  readonly sampler?: Sampler
  /** Views beside ours, which leave out the SDK's metrics that are made of spans here. */
  readonly views?: readonly ViewOptions[]
  /** Readers of the SDK's own metrics; none by default, or those that `OTEL_METRICS_EXPORTER` names. */
  readonly metricReaders?: readonly IMetricReader[]
}

export interface TelemetryOptions extends FaultlineOptions {
  /** `false` leaves a plain logger on standard output, as does `OTEL_LOGS_EXPORTER=none`. */
  readonly logs?: false | Partial<LogOptions>
  /** `profiles()` of `@faultline/telemetry/profiles`; none by default. */
  readonly profiles?: ProfilesPlugin | false
  /** `false` leaves outgoing requests alone. */
  readonly httpClient?: false | Partial<HttpClientOptions>
  readonly baggage?: Partial<BaggageOptions>
  /** Instrumentations of libraries, as NodeSDK takes them. */
  readonly instrumentations?: NodeSDKConfiguration['instrumentations']
}

export interface MiddlewareOptions {
  /** Requests without span, metrics and access log; none by default. */
  readonly ignore?: (request: IncomingMessage) => boolean
}

/** Every option that has a default, with it. */
export const defaults = {
  exporter: {
    endpoint: 'http://localhost:4318',
    headers: {},
    compression: 'none',
    timeoutMs: 10_000,
    scheduleDelayMs: 1_000,
    maxBatchSize: 1_024,
    maxQueueSize: 16_384,
    maxRetryMs: 60_000,
  },
  traces: { keepRatio: KEEP_RATIO, slowThresholdMs: SLOW_THRESHOLD_MS, trustIncomingContext: true },
  metrics: {
    durationBuckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    runtime: true,
    exemplars: 'kept',
  },
  logs: { level: DEFAULT_LEVEL, accessLog: true, stdout: true, otlp: true },
  httpClient: { peerServices: {} },
  baggage: { keys: [] },
} as const satisfies {
  readonly exporter: ExporterOptions
  readonly traces: TraceOptions
  readonly metrics: MetricsOptions
  readonly logs: LogOptions
  readonly httpClient: HttpClientOptions
  readonly baggage: BaggageOptions
}

/** Options with nothing left open; undefined for a signal that is off. */
export type ResolvedOptions = ReturnType<typeof resolveOptions>

/**
 * Option in code, else environment, else default. What the environment switches off (`OTEL_SDK_DISABLED`, `none` as
 * an exporter) nothing in code overrules.
 */
export function resolveOptions(options: TelemetryOptions, env: Environment) {
  const isDisabled = readBoolean(env, 'OTEL_SDK_DISABLED') ?? false
  const signals = isDisabled ? ({ traces: false, metrics: false, logs: false } as const) : options
  const keepRatio = readNumber(env, 'FAULTLINE_TRACES_KEEP_RATIO', { min: 0, max: 1 })
  const { httpClient, baggage } = options
  const baggageKeys = baggage?.keys ?? readList(env, 'FAULTLINE_BAGGAGE_KEYS') ?? defaults.baggage.keys
  return {
    isDisabled,
    traces: resolveSignal<TraceOptions>('traces', signals.traces, env, { keepRatio }),
    metrics: resolveSignal<MetricsOptions>('metrics', signals.metrics, env, {}),
    // Always there, as a service keeps its lines on standard output whatever is off.
    logs: resolveLogs(signals.logs, env),
    httpClient:
      httpClient === false ? undefined : ({ ...defaults.httpClient, ...httpClient } as HttpClientOptions),
    baggageKeys: new Set<string>(baggageKeys),
    // Holds also where no spans are exported, as they are made for the metrics.
    trustIncomingContext: (options.traces || defaults.traces).trustIncomingContext ?? true,
  }
}

function resolveLogs(option: TelemetryOptions['logs'], env: Environment): LogOptions {
  const own = option ? (option.pino?.customLevels ?? {}) : {}
  const named = readString(env, 'LOG_LEVEL')
  const level = named === undefined ? undefined : parseLogLevel(named, own)
  const otlp = readString(env, 'OTEL_LOGS_EXPORTER') === 'console' ? false : undefined
  const logs = resolveSignal<LogOptions>('logs', option, env, { level, otlp })
  if (logs) return { ...logs, level: parseLogLevel(logs.level, own) ?? DEFAULT_LEVEL }
  return { level: level ?? DEFAULT_LEVEL, stdout: true, accessLog: false, otlp: false }
}

/** @param fromEnv what the environment says of the options @returns undefined for a signal that is off */
function resolveSignal<T extends object>(
  signal: 'traces' | 'metrics' | 'logs',
  option: false | Partial<T> | undefined,
  env: Environment,
  fromEnv: { readonly [K in keyof T]?: T[K] | undefined },
): T | undefined {
  if (option === false || readString(env, `OTEL_${signal.toUpperCase()}_EXPORTER`) === 'none')
    return undefined
  return { ...defaults[signal], ...defined(fromEnv), ...defined(option ?? {}) } as unknown as T
}
