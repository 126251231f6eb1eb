import { createRegistry, ExemplarMetricsProcessor } from '@faultline/telemetry'
import {
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  SpanKind,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { NoopSpanProcessor, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { estimate } from '../stats.ts'

/** One trace in so many has the keep mark, so that its spans give exemplars. */
const MARKED_EVERY = 10
/** Batches that only let the compiler see both. */
const WARM_UP_BATCHES = 3

export type ExemplarCost = Awaited<ReturnType<typeof measureExemplarCost>>

/**
 * Times the span pair of a gateway's request with and without the processor, batch by batch in turn.
 * @param pairs server spans, each with a client span in it, in a batch
 * @returns what a span costs from its start to its end, in nanoseconds, and the difference batch by batch
 * @throws Error when the processor has not counted every request: then it did not do what is timed
 */
export async function measureExemplarCost({ batches, pairs }: { batches: number; pairs: number }) {
  const register = createRegistry()
  const tracers = {
    without: tracerOf(new NoopSpanProcessor()),
    with: tracerOf(new ExemplarMetricsProcessor({ register })),
  }
  const callers = Array.from({ length: MARKED_EVERY }, (_, index) => callerContext(index === 0))
  const time = (tracer: Tracer): number => {
    const began = performance.now()
    for (let i = 0; i < pairs; i++) makePair(tracer, callers[i % MARKED_EVERY] ?? ROOT_CONTEXT)
    return ((performance.now() - began) * 1e6) / (2 * pairs)
  }

  const without: number[] = []
  const withProcessor: number[] = []
  for (let batch = -WARM_UP_BATCHES; batch < batches; batch++) {
    const timings = [time(tracers.without), time(tracers.with)] as const
    if (batch < 0) continue
    without.push(timings[0])
    withProcessor.push(timings[1])
  }
  const exposition = await register.metrics()
  const counted = Number(
    /^http_server_request_duration_seconds_count\{.*\} (\d+)$/m.exec(exposition)?.[1] ?? 0,
  )
  const made = (WARM_UP_BATCHES + batches) * pairs
  if (counted !== made) throw new Error(`${counted} of ${made} requests were counted`)
  return {
    without: estimate(without),
    with: estimate(withProcessor),
    added: estimate(withProcessor.map((nanos, batch) => nanos - (without[batch] ?? Number.NaN))),
  }
}

function tracerOf(processor: SpanProcessor): Tracer {
  return new TracerProvider({ spanProcessors: [processor] }).getTracer('bench')
}

/** The context of a request whose caller has sent its trace along. */
function callerContext(marked: boolean): Context {
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
    ...(marked && { traceState: createTraceState('faultline=keep') }),
  })
}

function makePair(tracer: Tracer, caller: Context): void {
  const server = tracer.startSpan(
    'GET',
    { kind: SpanKind.SERVER, attributes: { 'http.request.method': 'GET', 'url.path': '/v1/concerts' } },
    caller,
  )
  const client = tracer.startSpan(
    'GET',
    { kind: SpanKind.CLIENT, attributes: { 'http.request.method': 'GET', 'server.address': '127.0.0.1' } },
    trace.setSpan(caller, server),
  )
  client.setAttribute('peer.service', 'catalog').setAttribute('http.response.status_code', 200).end()
  server.setAttribute('http.route', '/v1/concerts').setAttribute('http.response.status_code', 200).end()
}
