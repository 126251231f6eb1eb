import cluster from 'node:cluster'
import {
  type Attributes,
  context,
  logs,
  metrics,
  propagation,
  type Span,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { NodeSDK } from '@opentelemetry/sdk-node'
import type { Logger } from 'pino'
import type { OpenMetricsContentType, Registry } from 'prom-client'
import { listedBaggage } from './baggage/baggage.ts'
import { syncClock } from './clock.ts'
import { configure, type FaultlineConfiguration } from './faultline.ts'
import { type HttpClientInstrumentation, instrumentHttpClient } from './http-client/undici.ts'
import { createMiddleware } from './koa/middleware.ts'
import type { KoaMiddleware } from './koa/types.ts'
import { createLogPipeline, type LogPipeline } from './logs/logger.ts'
import { createMessaging } from './messaging/messaging.ts'
import type { Messaging } from './messaging/types.ts'
import { answerPrimary } from './metrics/cluster.ts'
import { DbPoolMetrics } from './metrics/db-pool.ts'
import { type ExemplarLabels, exemplarOf, isKept, isSampled } from './metrics/exemplar.ts'
import { createMetricsHandler, type MetricsHandler } from './metrics/metrics-handler.ts'
import { createRegistry } from './metrics/registry.ts'
import { registerRuntimeMetrics } from './metrics/runtime.ts'
import type { MiddlewareOptions, TelemetryOptions } from './options.ts'
import { Observer } from './otlp/observer.ts'
import { OtlpLogRecordProcessor, OtlpSpanProcessor } from './otlp/processors.ts'
import { SHUTDOWN_TIMEOUT_MS } from './otlp/signal-exporter.ts'
import { type InstrumentedPool, instrumentPgPool, type PoolOptions } from './pg.ts'
import type { RunningProfiles } from './profiles/plugin.ts'
import { type ResolvedOptions, resolveOptions } from './resolve-options.ts'
import { runInSpan } from './spans/with-span.ts'
import type { Telemetry } from './telemetry.ts'
import { tracesUndici, warnOfTwins } from './twins.ts'

const SCOPE_NAME = '@faultline/telemetry'
const CLOCK_SYNC_MS = 10_000

let started: StartedTelemetry | undefined

/**
 * Starts the signals of this process: a NodeSDK with what `faultline(options)` gives, and around it a logger, Koa
 * middleware and the instrumentation of undici, pg pools and messages.
 * @throws Error when it is running already, or a file with a certificate cannot be read
 * @throws TypeError when an endpoint is not an http(s) URL, or pino is given an option that cannot work here
 */
export function startTelemetry(options: TelemetryOptions = {}): Telemetry {
  if (started) throw new Error('telemetry is running already: shut it down before starting it again')
  started = new StartedTelemetry(options, resolveOptions(options, process.env))
  return started
}

class StartedTelemetry implements Telemetry {
  readonly logger: Logger
  readonly register: Registry<OpenMetricsContentType>
  readonly messaging: Messaging
  readonly metricsHandler: MetricsHandler
  readonly #options: ResolvedOptions
  readonly #log: LogPipeline
  readonly #sdk: NodeSDK
  readonly #configuration: FaultlineConfiguration
  /** Undefined when neither traces nor metrics are made of spans. */
  readonly #tracer: Tracer | undefined
  readonly #httpClient: HttpClientInstrumentation | undefined
  readonly #profiles: RunningProfiles | undefined
  /** Tells the primary of a `node:cluster` the last counts. */
  readonly #sayLast: (() => Promise<void>) | undefined
  readonly #stops: (() => void)[] = []
  #stopped: Promise<void> | undefined

  constructor(options: TelemetryOptions, resolved: ResolvedOptions) {
    this.#options = resolved
    this.register = options.register ?? createRegistry()
    const { traces, metrics: red, logs: lines, httpClient, isDisabled } = resolved
    // First, as it refuses options: what fails must leave nothing behind. Its logger waits for the SDK. A processor of
    // the user's own hears lines, whatever we export.
    const areHeard = lines.otlp || (options.logRecordProcessors ?? []).length > 0
    this.#log = createLogPipeline(lines, areHeard && !isDisabled ? logs.getLogger(SCOPE_NAME) : undefined)
    this.logger = this.#log.logger
    const observer = new Observer(red && this.register)
    const register = this.register
    this.#configuration = configure({ ...options, register }, resolved, observer)
    const instrumentations = (options.instrumentations ?? []).flat()
    this.#sdk = new NodeSDK({ ...this.#configuration, instrumentations })
    this.#sdk.start()
    warnOfTwins(instrumentations)

    observer.reportTo(this.logger)
    this.metricsHandler = createMetricsHandler(register, (error) =>
      this.logger.error({ err: error }, 'metrics could not be collected'),
    )
    if (cluster.isWorker) this.#sayLast = answerPrimary(register)
    if (red?.runtime) this.#stops.push(registerRuntimeMetrics(register))
    if (traces || red) {
      this.#tracer = trace.getTracer(SCOPE_NAME)
      if (httpClient && !tracesUndici(instrumentations)) {
        this.#httpClient = instrumentHttpClient(this.#tracer, httpClient.peerServices)
        this.#stops.push(() => this.#httpClient?.stop())
      }
      const clock = setInterval(syncClock, CLOCK_SYNC_MS).unref()
      this.#stops.push(() => clearInterval(clock))
    }
    const { resource } = this.#configuration
    const { exporter = {}, profiles } = options
    if (profiles && !isDisabled) {
      this.#profiles = profiles.start({ resource, exporter, observer, logger: this.logger })
    }
    const { baggageKeys } = resolved
    this.messaging = createMessaging({ tracer: this.#tracer, labels: this.#profiles?.labels, baggageKeys })
  }

  middleware(options: MiddlewareOptions = {}): KoaMiddleware {
    const { logs: lines, baggageKeys, trustIncomingContext } = this.#options
    return createMiddleware(
      {
        tracer: this.#tracer,
        accessLog: lines.accessLog ? this.#log : undefined,
        labels: this.#profiles?.labels,
        baggageKeys,
        trustIncomingContext,
      },
      options,
    )
  }

  async metrics(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.register.contentType, body: await this.register.metrics() }
  }

  instrumentPool<P extends InstrumentedPool>(pool: P, options: PoolOptions): P {
    const red = this.#options.metrics
    if (this.#tracer) {
      const pools = red && DbPoolMetrics.of(this.register, red)
      instrumentPgPool(pool, options, { tracer: this.#tracer, metrics: pools })
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
    const listed = listedBaggage(baggage, this.#options.baggageKeys)
    return listed ? context.with(propagation.setBaggage(active, listed), fn) : fn()
  }

  exemplar(): ExemplarLabels | undefined {
    const span = trace.getActiveSpan()?.spanContext()
    const { traces, metrics: red } = this.#options
    if (!span || !traces) return undefined
    const leads = red?.exemplars === 'sampled' ? isSampled(span) : red?.exemplars === 'kept' && isKept(span)
    return leads ? exemplarOf(span) : undefined
  }

  async flush(): Promise<void> {
    const { spanProcessors, logRecordProcessors } = this.#configuration
    const processors = [...spanProcessors, ...logRecordProcessors]
    await Promise.all([this.#log.flush(), ...processors.map((processor) => processor.forceFlush())])
  }

  shutdown(timeoutMs: number = SHUTDOWN_TIMEOUT_MS): Promise<void> {
    this.#stopped ??= this.#shutDown(timeoutMs)
    return this.#stopped
  }

  async #shutDown(timeoutMs: number): Promise<void> {
    for (const stop of this.#stops) stop()
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs)
    })
    const { spanProcessors, logRecordProcessors } = this.#configuration
    // Ours keep to the time, and are told first; the SDK's own call then joins in.
    const ours = [...spanProcessors, ...logRecordProcessors].filter(isOurs)
    const ending = [
      this.#sayLast?.(),
      this.#log.flush(),
      this.#profiles?.shutdown(timeoutMs),
      ...ours.map((processor) => processor.shutdown(timeoutMs)),
      this.#sdk.shutdown(),
    ]
    await Promise.race([Promise.allSettled(ending), timeout])
    clearTimeout(timer)
    for (const api of [trace, context, propagation, logs, metrics]) api.disable()
    started = undefined
  }
}

function isOurs(processor: unknown): processor is OtlpSpanProcessor | OtlpLogRecordProcessor {
  return processor instanceof OtlpSpanProcessor || processor instanceof OtlpLogRecordProcessor
}
