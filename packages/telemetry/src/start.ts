import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Attributes, context, propagation, type Span, trace } from '@opentelemetry/api'
import type { Logger } from 'pino'
import type { OpenMetricsContentType, Registry } from 'prom-client'
import { type HttpClientInstrumentation, instrumentHttpClient } from './http-client.ts'
import type { KoaMiddleware } from './koa.ts'
import { createLogPipeline, type LogPipeline } from './logs/logger.ts'
import { DbClientMetrics } from './metrics/db-client.ts'
import { type ExemplarLabels, exemplarOf } from './metrics/exemplar.ts'
import { ExportMetrics } from './metrics/exports.ts'
import { HttpClientMetrics } from './metrics/http-client.ts'
import { HttpServerMetrics } from './metrics/http-server.ts'
import { createRegistry } from './metrics/registry.ts'
import { registerRuntimeMetrics } from './metrics/runtime.ts'
import { createMiddleware } from './middleware.ts'
import { defaults, type MiddlewareOptions, type TelemetryOptions } from './options.ts'
import { AvailabilityLog } from './otlp/availability.ts'
import { Batcher } from './otlp/batcher.ts'
import { type DropReason, type ExportObserver, ExportQueue, type Signal } from './otlp/export-queue.ts'
import { OtlpTransport } from './otlp/transport.ts'
import { type InstrumentedPool, instrumentPgPool, type PoolOptions } from './pg.ts'
import { Profiler } from './profiles/profiler.ts'
import { type ResolvedOptions, resolveOptions } from './resolve-options.ts'
import { createResource, encodeResource, profileAttributes } from './resource.ts'
import type { Telemetry } from './telemetry.ts'
import { syncClock } from './trace/clock.ts'
import { AsyncLocalContextManager } from './trace/context-manager.ts'
import { TraceContextPropagator } from './trace/propagator.ts'
import { RecordedSpan } from './trace/span.ts'
import { writeSpan } from './trace/span-encoding.ts'
import { type LightTracer, LightTracerProvider } from './trace/tracer.ts'
import { runInSpan } from './with-span.ts'

const SCOPE_NAME = '@faultline/telemetry'
const SHUTDOWN_TIMEOUT_MS = 5_000

let started: StartedTelemetry | undefined

/**
 * Starts the four signals of this process and registers the global tracer provider, context manager and
 * propagator of the OpenTelemetry API.
 * @throws Error when it is running already
 * @throws TypeError when an endpoint is not an http(s) URL
 */
export function startTelemetry(options: TelemetryOptions = {}): Telemetry {
  if (started) throw new Error('telemetry is running already: shut it down before starting it again')
  started = new StartedTelemetry(resolveOptions(options, process.env), () => {
    started = undefined
  })
  return started
}

/** Signal paths below the endpoint: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
const PATHS: Readonly<Record<Signal, string>> = {
  traces: '/v1/traces',
  logs: '/v1/logs',
  profiles: '/v1development/profiles',
}

class StartedTelemetry implements Telemetry {
  readonly logger: Logger
  readonly register: Registry<OpenMetricsContentType>
  readonly #options: ResolvedOptions
  readonly #onStopped: () => void
  readonly #log: LogPipeline
  readonly #batchers: Batcher[] = []
  #profileQueue: ExportQueue | undefined
  readonly #stops: (() => void)[] = []
  readonly #tracer: LightTracer | undefined
  readonly #serverMetrics: HttpServerMetrics | undefined
  readonly #dbMetrics: DbClientMetrics | undefined
  readonly #httpClient: HttpClientInstrumentation | undefined
  readonly #profiler: Profiler | undefined
  readonly #slowThresholdMs: number
  #stopped: Promise<void> | undefined

  constructor(options: ResolvedOptions, onStopped: () => void) {
    this.#options = options
    this.#onStopped = onStopped
    this.register = createRegistry()
    const { disabled } = options
    const metrics = disabled ? undefined : options.metrics
    const traces = disabled ? undefined : options.traces
    this.#slowThresholdMs = (options.traces ?? defaults.traces).slowThresholdMs
    const attributesOfProcess = createResource({ ...options, attributes: options.resourceAttributes })
    const resource = encodeResource(attributesOfProcess)
    const exportMetrics = metrics && new ExportMetrics(this.register, ['traces', 'logs', 'profiles'])
    let availability: AvailabilityLog | undefined
    const observer: ExportObserver = {
      onBatch: (signal, outcome) => exportMetrics?.onBatch(signal, outcome),
      onDrop: (signal: Signal, reason: DropReason, items: number) =>
        exportMetrics?.onDrop(signal, reason, items),
      onUnavailable: (url, detail) => availability?.onUnavailable(url, detail),
      onAvailable: (url) => availability?.onAvailable(url),
    }
    const logsOn = !disabled && options.logs?.otlp === true
    const logBatcher = logsOn ? this.#createBatcher('logs', resource, observer) : undefined
    this.#log = createLogPipeline(
      options.logs ?? { ...defaults.logs, level: defaults.logs.level },
      logBatcher,
    )
    this.logger = this.#log.logger
    availability = new AvailabilityLog(this.logger)

    if (metrics) {
      this.#serverMetrics = new HttpServerMetrics(this.register, metrics)
      this.#dbMetrics = new DbClientMetrics(this.register, metrics)
      if (metrics.runtime) this.#stops.push(registerRuntimeMetrics(this.register))
    }
    const clientMetrics =
      metrics && options.httpClient ? new HttpClientMetrics(this.register, metrics) : undefined
    if (traces) {
      const batcher = this.#createBatcher('traces', resource, observer)
      const sink = { onEnd: (span: RecordedSpan): void => batcher.add(span.scope, writeSpan, span) }
      const provider = new LightTracerProvider(sink, traces.keepRatio)
      this.#tracer = provider.getTracer(SCOPE_NAME)
      this.#registerGlobals(provider)
    }
    if (options.httpClient && (this.#tracer || clientMetrics)) {
      this.#httpClient = instrumentHttpClient({
        tracer: this.#tracer,
        metrics: clientMetrics,
        slowThresholdMs: this.#slowThresholdMs,
        peerServices: options.httpClient.peerServices,
      })
      this.#stops.push(() => this.#httpClient?.stop())
    }
    if (!disabled && options.profiles) {
      const { attributes, sampleAttributes } = profileAttributes(attributesOfProcess)
      this.#profileQueue = this.#createQueue('profiles', observer)
      const profileResource = { resource: encodeResource(attributes), sampleAttributes }
      this.#profiler = Profiler.start(options.profiles, this.#profileQueue, profileResource, this.logger)
    }
    const clock = setInterval(syncClock, 10_000).unref()
    this.#stops.push(() => clearInterval(clock))
  }

  middleware(options: MiddlewareOptions = {}): KoaMiddleware {
    const { disabled, logs, traces } = this.#options
    return createMiddleware(
      {
        tracer: this.#tracer,
        traces: traces ?? defaults.traces,
        metrics: this.#serverMetrics,
        accessLog: !disabled && logs?.accessLog ? this.#log : undefined,
        profiles: this.#profiler?.hasSpanLabels ? this.#profiler : undefined,
      },
      options,
    )
  }

  async metrics(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.register.contentType, body: await this.register.metrics() }
  }

  async metricsHandler(_request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { contentType, body } = await this.metrics()
    response.writeHead(200, { 'content-type': contentType }).end(body)
  }

  instrumentPool<P extends InstrumentedPool>(pool: P, options: PoolOptions): P {
    if (this.#tracer || this.#dbMetrics) {
      instrumentPgPool(pool, options, {
        tracer: this.#tracer,
        metrics: this.#dbMetrics,
        slowThresholdMs: this.#slowThresholdMs,
      })
    }
    return pool
  }

  setPeerService(origin: string, name: string): void {
    this.#httpClient?.setPeerService(origin, name)
  }

  withSpan<T>(name: string, ...rest: [(span: Span) => T] | [Attributes, (span: Span) => T]): T {
    const [attributes, fn] = rest.length === 1 ? [{}, rest[0]] : rest
    return runInSpan(SCOPE_NAME, name, { attributes }, fn)
  }

  exemplar(): ExemplarLabels | undefined {
    const span = trace.getActiveSpan()
    return span instanceof RecordedSpan && span.kept ? (exemplarOf(span) as ExemplarLabels) : undefined
  }

  async flush(): Promise<void> {
    this.#log.flush()
    await Promise.all([...this.#batchers.map((batcher) => batcher.flush()), this.#profileQueue?.idle()])
  }

  shutdown(timeoutMs: number = SHUTDOWN_TIMEOUT_MS): Promise<void> {
    this.#stopped ??= this.#shutDown(timeoutMs)
    return this.#stopped
  }

  async #shutDown(timeoutMs: number): Promise<void> {
    for (const stop of this.#stops) stop()
    this.#profiler?.stop()
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs)
    })
    await Promise.race([this.flush(), timeout])
    clearTimeout(timer)
    for (const batcher of this.#batchers) batcher.stop()
    this.#profileQueue?.stop()
    if (this.#tracer) {
      trace.disable()
      context.disable()
      propagation.disable()
    }
    this.#onStopped()
  }

  #createBatcher(signal: Signal, resource: Uint8Array, observer: ExportObserver): Batcher {
    const batcher = new Batcher(this.#createQueue(signal, observer), resource, this.#options.exporter)
    this.#batchers.push(batcher)
    return batcher
  }

  #createQueue(signal: Signal, observer: ExportObserver): ExportQueue {
    const { exporter } = this.#options
    const own = {
      traces: exporter.tracesEndpoint,
      logs: exporter.logsEndpoint,
      profiles: exporter.profilesEndpoint,
    }
    const url = own[signal] ?? exporter.endpoint.replace(/\/$/, '') + PATHS[signal]
    const transport = new OtlpTransport({ ...exporter, url })
    const { maxQueueSize: maxItems, maxRetryMs } = exporter
    return new ExportQueue(transport, { signal, maxItems, maxRetryMs }, observer)
  }

  #registerGlobals(provider: LightTracerProvider): void {
    context.setGlobalContextManager(new AsyncLocalContextManager().enable())
    trace.setGlobalTracerProvider(provider)
    propagation.setGlobalPropagator(new TraceContextPropagator())
  }
}
