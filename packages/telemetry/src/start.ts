import cluster from 'node:cluster'
import { type Attributes, context, logs, metrics, propagation, type Span, trace } from '@opentelemetry/api'
import { callWithTimeout } from '@opentelemetry/core'
import { NodeSDK } from '@opentelemetry/sdk-node'
import type { Logger } from 'pino'
import type { OpenMetricsContentType, Registry } from 'prom-client'
import { listedBaggage } from './baggage.ts'
import { configure } from './faultline.ts'
import { type HttpClientInstrumentation, instrumentHttpClient } from './http-client.ts'
import { createMiddleware, type KoaMiddleware } from './koa.ts'
import { createLogPipeline } from './logs/logger.ts'
import { createMessaging, type Messaging } from './messaging.ts'
import { answerPrimary } from './metrics/cluster.ts'
import { DbPoolMetrics } from './metrics/database.ts'
import { type ExemplarLabels, exemplarOf, isKept, isSampled } from './metrics/exemplar.ts'
import { createMetricsHandler, createRegistry, type MetricsHandler } from './metrics/registry.ts'
import { registerRuntimeMetrics } from './metrics/runtime.ts'
import type { MiddlewareOptions, TelemetryOptions } from './options.ts'
import { type ResolvedOptions, resolveOptions } from './options.ts'
import { SHUTDOWN_TIMEOUT_MS } from './otlp/export-queue.ts'
import { Observer } from './otlp/observer.ts'
import { OtlpLogRecordProcessor, OtlpSpanProcessor } from './otlp/processors.ts'
import { type InstrumentedPool, instrumentPgPool, type PoolOptions } from './pg.ts'
import { runInSpan, syncClock } from './spans.ts'
import { tracesUndici, warnOfTwins } from './warnings.ts'

/** What `startTelemetry` gives a service. */
export interface Telemetry {
  /** pino, with `trace_id` and `span_id` of the active span; standard output and OTLP. */
  readonly logger: Logger
  /** OpenMetrics registry of prom-client: `new Counter({ ..., registers: [telemetry.register] })`. */
  readonly register: Registry<OpenMetricsContentType>
  /**
   * Server span, access log and profile labels; use it first. The same function used again, below middleware that
   * turns errors into answers, notes what was thrown there.
   */
  middleware(options?: MiddlewareOptions): KoaMiddleware
  /** The scrape answer, to serve from any framework. */
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>
  /** The scrape answer as a listener of `node:http`; never rejects. */
  readonly metricsHandler: MetricsHandler
  /**
   * Gives every query of a `pg` pool a client span and `db_client_*` metrics. Call it before the pool's first
   * use. @returns the same pool
   */
  instrumentPool<P extends InstrumentedPool>(pool: P, options: PoolOptions): P
  /** Names the service behind an origin, for `peer.service` and `peer_service`. */
  setPeerService(origin: string, name: string): void
  /**
   * Runs `fn` in a new span that is active inside it. The span ends when `fn`'s result is there; a throw
   * becomes an exception event and status ERROR, and is thrown on.
   */
  withSpan<T>(name: string, fn: (span: Span) => T): T
  withSpan<T>(name: string, attributes: Attributes, fn: (span: Span) => T): T
  /** Spans, propagation and metrics of messages, for any broker. */
  readonly messaging: Messaging
  /** Runs `fn` with members added to the baggage of what it calls and sends; only listed keys go out. */
  withBaggage<T>(members: Readonly<Record<string, string>>, fn: () => T): T
  /** Labels of the active span if its trace is marked kept, for exemplars of own metrics. */
  exemplar(): ExemplarLabels | undefined
  /** Sends what is waiting. Resolves when it is sent or dropped. */
  flush(): Promise<void>
  /** Flushes all signals and stops. @param timeoutMs bound in milliseconds, 5,000 by default */
  shutdown(timeoutMs?: number): Promise<void>
}

const SCOPE_NAME = '@faultline/telemetry'
const CLOCK_SYNC_MS = 10_000

let started: Telemetry | undefined

/**
 * Starts the signals of this process: a NodeSDK with what `faultline(options)` gives, and around it a logger, Koa
 * middleware and the instrumentation of undici, pg pools and messages.
 * @throws Error when it is running already, or a file with a certificate cannot be read
 * @throws TypeError when an endpoint is not an http(s) URL, or pino is given an option that cannot work here
 */
export function startTelemetry(options: TelemetryOptions = {}): Telemetry {
  if (started) throw new Error('telemetry is running already: shut it down before starting it again')
  started = start(options, resolveOptions(options, process.env))
  return started
}

function start(options: TelemetryOptions, resolved: ResolvedOptions): Telemetry {
  const { register = createRegistry(), exporter = {}, profiles } = options
  const { traces, metrics: red, logs: lines, httpClient, baggageKeys, isDisabled } = resolved
  // First, as it refuses options: what fails must leave nothing behind. Its logger waits for the SDK. A processor of
  // the user's own hears lines, whatever we export.
  const areHeard = lines.otlp || (options.logRecordProcessors ?? []).length > 0
  const log = createLogPipeline(lines, areHeard && !isDisabled ? logs.getLogger(SCOPE_NAME) : undefined)
  const { logger } = log
  const observer = new Observer(red && register)
  const configuration = configure({ ...options, register }, resolved, observer)
  const instrumentations = (options.instrumentations ?? []).flat()
  const sdk = new NodeSDK({ ...configuration, instrumentations })
  sdk.start()
  warnOfTwins(instrumentations)
  observer.reportTo(logger)

  const stops: (() => void)[] = []
  if (red?.runtime) stops.push(registerRuntimeMetrics(register))
  // Tells the primary of a `node:cluster` the last counts.
  const sayLast = cluster.isWorker ? answerPrimary(register) : undefined
  // Spans are made where traces are exported or metrics are made of them.
  const tracer = traces || red ? trace.getTracer(SCOPE_NAME) : undefined
  let client: HttpClientInstrumentation | undefined
  if (tracer) {
    const clock = setInterval(syncClock, CLOCK_SYNC_MS).unref()
    stops.push(() => clearInterval(clock))
    if (httpClient && !tracesUndici(instrumentations)) {
      client = instrumentHttpClient(tracer, httpClient.peerServices)
      stops.push(client.stop)
    }
  }
  const { resource, spanProcessors, logRecordProcessors } = configuration
  const running =
    profiles && !isDisabled ? profiles.start({ resource, exporter, observer, logger }) : undefined
  const labels = running?.labels
  const processors = [...spanProcessors, ...logRecordProcessors]
  let stopped: Promise<void> | undefined

  async function stop(timeoutMs: number): Promise<void> {
    for (const each of stops) each()
    const ending = [
      sayLast?.(),
      log.flush(),
      running?.shutdown(timeoutMs),
      // Ours keep to the time, and are told first; the SDK's own call then joins in.
      ...processors.filter(isOurs).map((processor) => processor.shutdown(timeoutMs)),
      sdk.shutdown(),
    ]
    await callWithTimeout(Promise.allSettled(ending), timeoutMs).catch(() => undefined)
    for (const api of [trace, context, propagation, logs, metrics]) api.disable()
    started = undefined
  }

  return {
    logger,
    register,
    messaging: createMessaging(tracer, labels, baggageKeys),
    middleware: (middlewareOptions = {}) =>
      createMiddleware(
        { ...resolved, tracer, labels, accessLog: lines.accessLog ? log : undefined },
        middlewareOptions,
      ),
    metrics: async () => ({ contentType: register.contentType, body: await register.metrics() }),
    metricsHandler: createMetricsHandler(register, (error) =>
      logger.error({ err: error }, 'metrics could not be collected'),
    ),
    instrumentPool(pool, poolOptions) {
      if (tracer) instrumentPgPool(pool, poolOptions, tracer, red && DbPoolMetrics.of(register, red))
      return pool
    },
    setPeerService: (origin, name) => client?.setPeerService(origin, name),
    withSpan<T>(name: string, ...rest: [(span: Span) => T] | [Attributes, (span: Span) => T]): T {
      const [attributes, fn] = rest.length === 1 ? [{}, rest[0]] : rest
      return runInSpan(trace.getTracer(SCOPE_NAME), name, attributes, fn)
    },
    withBaggage(members, fn) {
      const active = context.active()
      let baggage = propagation.getBaggage(active) ?? propagation.createBaggage()
      for (const [key, value] of Object.entries(members)) baggage = baggage.setEntry(key, { value })
      const listed = listedBaggage(baggage, baggageKeys)
      return listed ? context.with(propagation.setBaggage(active, listed), fn) : fn()
    },
    exemplar() {
      const span = trace.getActiveSpan()?.spanContext()
      if (!span || !traces) return undefined
      const leads = red?.exemplars === 'sampled' ? isSampled(span) : red?.exemplars === 'kept' && isKept(span)
      return leads ? exemplarOf(span) : undefined
    },
    async flush() {
      await Promise.all([log.flush(), ...processors.map((processor) => processor.forceFlush())])
    },
    shutdown: (timeoutMs = SHUTDOWN_TIMEOUT_MS) => (stopped ??= stop(timeoutMs)),
  }
}

function isOurs(processor: unknown): processor is OtlpSpanProcessor | OtlpLogRecordProcessor {
  return processor instanceof OtlpSpanProcessor || processor instanceof OtlpLogRecordProcessor
}
