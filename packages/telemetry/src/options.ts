import type { IncomingMessage } from 'node:http'
import type { LoggerOptions } from 'pino'

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

export interface ProfileOptions {
  /** Samples a second of the wall and CPU profile. */
  readonly sampleRateHz: number
  /** Milliseconds between two exports. */
  readonly flushIntervalMs: number
  /** Sample the live heap, too. */
  readonly heap: boolean
  /** Bytes of allocation between two heap samples. */
  readonly heapSampleIntervalBytes: number
  /** Link samples to the server span they ran in; needs Node 24. */
  readonly spanLabels: boolean
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

export interface TelemetryOptions {
  /** `OTEL_SERVICE_NAME` */
  readonly serviceName?: string
  readonly serviceVersion?: string
  /** `OTEL_SERVICE_INSTANCE_ID`, or `service.instance.id` in `OTEL_RESOURCE_ATTRIBUTES`; else random. */
  readonly serviceInstanceId?: string
  /** More resource attributes, over those of `OTEL_RESOURCE_ATTRIBUTES`. */
  readonly resourceAttributes?: Readonly<Record<string, string | number | boolean>>
  readonly exporter?: Partial<ExporterOptions>
  /** `false` switches the signal off, as does `OTEL_TRACES_EXPORTER=none`. */
  readonly traces?: false | Partial<TraceOptions>
  /** `false` switches the signal off, as does `OTEL_METRICS_EXPORTER=none`. */
  readonly metrics?: false | Partial<MetricsOptions>
  /** `false` leaves a plain logger on standard output, as does `OTEL_LOGS_EXPORTER=none`. */
  readonly logs?: false | Partial<LogOptions>
  /** `false` switches the signal off, as does `FAULTLINE_PROFILES_EXPORTER=none`. */
  readonly profiles?: false | Partial<ProfileOptions>
  /** `false` leaves outgoing requests alone. */
  readonly httpClient?: false | Partial<HttpClientOptions>
  readonly baggage?: Partial<BaggageOptions>
}

export interface MiddlewareOptions {
  /** Requests without span, metrics and access log; none by default. */
  readonly ignore?: (request: IncomingMessage) => boolean
}

/** Every option that has a default, with it. */
export const defaults = {
  serviceName: 'unknown_service:node',
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
  traces: { keepRatio: 0.1, slowThresholdMs: 500, trustIncomingContext: true },
  metrics: {
    durationBuckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    runtime: true,
  },
  logs: { level: 'info', accessLog: true, stdout: true, otlp: true },
  profiles: {
    sampleRateHz: 100,
    flushIntervalMs: 10_000,
    heap: true,
    heapSampleIntervalBytes: 512 * 1024,
    spanLabels: true,
  },
  httpClient: { peerServices: {} },
  baggage: { keys: [] },
} as const satisfies {
  readonly serviceName: string
  readonly exporter: ExporterOptions
  readonly traces: TraceOptions
  readonly metrics: MetricsOptions
  readonly logs: LogOptions
  readonly profiles: ProfileOptions
  readonly httpClient: HttpClientOptions
  readonly baggage: BaggageOptions
}
