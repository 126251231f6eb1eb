import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Attributes, context, propagation, type Span, trace } from '@opentelemetry/api'
import type { Logger } from 'pino'
import type { OpenMetricsContentType, Registry } from 'prom-client'
import { BaggagePropagator } from './baggage/propagator.ts'
import { type HttpClientInstrumentation, instrumentHttpClient } from './http-client.ts'
import type { KoaMiddleware } from './koa.ts'
import { createLogPipeline, type LogPipeline } from './logs/logger.ts'
import { createMessaging } from './messaging/messaging.ts'
import type { Messaging } from './messaging/types.ts'
import { DbClientMetrics } from './metrics/db-client.ts'
import { type ExemplarLabels, exemplarOf } from './metrics/exemplar.ts'
import { ExportMetrics } from './metrics/exports.ts'
import { HttpClientMetrics } from './metrics/http-client.ts'
import { HttpServerMetrics } from './metrics/http-server.ts'
import { MessagingMetrics } from './metrics/messaging.ts'
import { createRegistry } from './metrics/registry.ts'
import { registerRuntimeMetrics } from './metrics/runtime.ts'
import { createMiddleware } from './middleware.ts'
import type { MiddlewareOptions, TelemetryOptions } from './options.ts'
import { Exporters } from './otlp/exporters.ts'
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
const CLOCK_SYNC_MS = 10_000

let started: StartedTelemetry | undefined

/**
 * Starts the four signals of this process and registers the global tracer provider, context manager and
 * propagator of the OpenTelemetry API.
 * @throws Error when it is running already
 * @throws TypeError when an endpoint is not an http(s) URL
 */
export function startTelemetry(options: TelemetryOptions = {}): Telemetry {
  if (started) throw new Error('telemetry is running already: shut it down before starting it again')
  started = new StartedTelemetry(resolveOptions(options, process.env))
  return started
}

class StartedTelemetry implements Telemetry {
  readonly logger: Logger
  readonly register: Registry<OpenMetricsContentType> = createRegistry()
  readonly messaging: Messaging
  readonly #options: ResolvedOptions
  readonly #exporters: Exporters
  readonly #log: LogPipeline
  readonly #tracer: LightTracer | undefined
  readonly #serverMetrics: HttpServerMetrics | undefined
  readonly #dbMetrics: DbClientMetrics | undefined
  readonly #httpClient: HttpClientInstrumentation | undefined
  readonly #profiler: Profiler | undefined
  readonly #stops: (() => void)[] = []
  #stopped: Promise<void> | undefined

  constructor(options: ResolvedOptions) {
    this.#options = options
    const { traces, metrics, logs, profiles, httpClient } = options
    const attributes = createResource({ ...options, attributes: options.resourceAttributes })
    const resource = encodeResource(attributes)
    const exportMetrics = metrics && new ExportMetrics(this.register, ['traces', 'logs', 'profiles'])
    this.#exporters = new Exporters(options.exporter, exportMetrics)
    this.#log = createLogPipeline(logs, logs.otlp ? this.#exporters.batcher('logs', resource) : undefined)
    this.logger = this.#log.logger
    this.#exporters.reportTo(this.logger)

    if (metrics) {
      this.#serverMetrics = new HttpServerMetrics(this.register, metrics)
      this.#dbMetrics = new DbClientMetrics(this.register, metrics)
      if (metrics.runtime) this.#stops.push(registerRuntimeMetrics(this.register))
    }
    if (traces) this.#tracer = this.#startTraces(traces.keepRatio, resource)
    if (httpClient && (traces || metrics)) {
      const instrumentation = instrumentHttpClient({
        tracer: this.#tracer,
        metrics: metrics && new HttpClientMetrics(this.register, metrics),
        slowThresholdMs: options.slowThresholdMs,
        baggageKeys: options.baggageKeys,
        peerServices: httpClient.peerServices,
      })
      this.#httpClient = instrumentation
      this.#stops.push(() => instrumentation.stop())
    }
    if (traces || profiles) {
      const clock = setInterval(syncClock, CLOCK_SYNC_MS).unref()
      this.#stops.push(() => clearInterval(clock))
    }
    if (profiles) {
      const { resourceAttributes, sampleAttributes } = profileAttributes(attributes)
      const profileResource = { resource: encodeResource(resourceAttributes), sampleAttributes }
      const queue = this.#exporters.queue('profiles')
      this.#profiler = Profiler.start(profiles, queue, profileResource, this.logger)
    }
    this.messaging = createMessaging({
      tracer: this.#tracer,
      metrics: metrics && new MessagingMetrics(this.register, metrics),
      profiles: this.#labels,
      baggageKeys: options.baggageKeys,
    })
  }

  middleware(options: MiddlewareOptions = {}): KoaMiddleware {
    const { logs, slowThresholdMs, traces, baggageKeys } = this.#options
    return createMiddleware(
      {
        tracer: this.#tracer,
        metrics: this.#serverMetrics,
        accessLog: logs.accessLog ? this.#log : undefined,
        profiles: this.#labels,
        baggageKeys,
        trustIncomingContext: traces?.trustIncomingContext ?? false,
        slowThresholdMs,
      },
      options,
    )
  }

  async metrics(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.register.contentType, body: await this.register.metrics() }
  }

  // A property, so that it can be handed to a server as it is.
  readonly metricsHandler = async (_request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const { contentType, body } = await this.metrics()
      response.writeHead(200, { 'content-type': contentType }).end(body)
    } catch (error) {
      // The collect function of a metric of the service's own may fail.
      this.logger.error({ err: error }, 'metrics could not be collected')
      response.writeHead(500).end()
    }
  }

  instrumentPool<P extends InstrumentedPool>(pool: P, options: PoolOptions): P {
    const { slowThresholdMs } = this.#options
    if (this.#tracer || this.#dbMetrics) {
      instrumentPgPool(pool, options, { tracer: this.#tracer, metrics: this.#dbMetrics, slowThresholdMs })
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

  withBaggage<T>(members: Readonly<Record<string, string>>, fn: () => T): T {
    const active = context.active()
    let baggage = propagation.getBaggage(active) ?? propagation.createBaggage()
    for (const [key, value] of Object.entries(members)) baggage = baggage.setEntry(key, { value })
    return context.with(propagation.setBaggage(active, baggage), fn)
  }

  exemplar(): ExemplarLabels | undefined {
    const span = trace.getActiveSpan()
    return span instanceof RecordedSpan && span.kept ? exemplarOf(span) : undefined
  }

  async flush(): Promise<void> {
    await Promise.all([this.#log.flush(), this.#exporters.flush()])
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
    await Promise.race([Promise.all([this.#log.flush(), this.#exporters.finish()]), timeout])
    clearTimeout(timer)
    this.#exporters.stop()
    if (this.#tracer) {
      trace.disable()
      context.disable()
      propagation.disable()
    }
    started = undefined
  }

  /** The profiler, where it can link samples to spans. */
  get #labels(): Profiler | undefined {
    return this.#profiler?.hasLabels ? this.#profiler : undefined
  }

  #startTraces(keepRatio: number, resource: Uint8Array): LightTracer {
    const batcher = this.#exporters.batcher('traces', resource)
    const sink = { onEnd: (span: RecordedSpan): void => batcher.add(span.scope, writeSpan, span) }
    const provider = new LightTracerProvider(sink, keepRatio)
    context.setGlobalContextManager(new AsyncLocalContextManager())
    trace.setGlobalTracerProvider(provider)
    const { baggageKeys } = this.#options
    propagation.setGlobalPropagator(new BaggagePropagator(new TraceContextPropagator(), baggageKeys))
    return provider.getTracer(SCOPE_NAME)
  }
}
