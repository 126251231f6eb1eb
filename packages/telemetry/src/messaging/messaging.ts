import { type Context, context, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { pushBaggage } from '../baggage/attributes.ts'
import { formatBaggage, parseBaggage } from '../baggage/baggage.ts'
import type { MessagingMetrics } from '../metrics/messaging.ts'
import type { Profiler } from '../profiles/profiler.ts'
import { monotonicMs } from '../trace/clock.ts'
import { rootContext } from '../trace/linked-context.ts'
import { remoteParent } from '../trace/remote-parent.ts'
import type { RecordedSpan } from '../trace/span.ts'
import { formatTraceparent } from '../trace/traceparent.ts'
import { type LightTracer, type ParentContext, parentOf } from '../trace/tracer.ts'
import { endOperation } from './operation.ts'
import type { HeaderReader, HeaderWriter, IncomingMessage, Messaging, OutgoingMessage } from './types.ts'

/** What messaging feeds; undefined for what is off. */
export interface MessagingDependencies {
  readonly tracer: LightTracer | undefined
  readonly metrics: MessagingMetrics | undefined
  readonly profiles: Profiler | undefined
  readonly baggageKeys: ReadonlySet<string>
}

export function createMessaging(dependencies: MessagingDependencies): Messaging {
  const { tracer, profiles, baggageKeys } = dependencies

  async function measured<T>(
    operation: 'send' | 'process',
    message: OutgoingMessage | IncomingMessage,
    span: RecordedSpan | undefined,
    run: () => Promise<T>,
  ): Promise<T> {
    const startMs = span?.startMs ?? monotonicMs()
    const finished = { operation, message, span, startMs, metrics: dependencies.metrics }
    try {
      const result = await run()
      endOperation(finished, undefined)
      return result
    } catch (error) {
      endOperation(finished, { error })
      throw error
    }
  }

  return {
    send(message, publish) {
      const around = message.origin ? received(message.origin, baggageKeys) : activeOrigin()
      const span = tracer?.start(`send ${message.destination}`, SpanKind.PRODUCER, around.parent)
      if (span) {
        if (message.origin) span.late = true
        describe(span, 'send', message)
        inject(span, around.context, message.headers, baggageKeys)
      }
      const active = span ? trace.setSpan(around.context, span) : around.context
      return measured('send', message, span, () => context.with(active, publish))
    },

    process(message, handle) {
      const { parent, context: base } = received(message.headers, baggageKeys)
      const span = tracer?.start(`process ${message.destination}`, SpanKind.CONSUMER, parent)
      if (span) {
        span.late = true
        describe(span, 'process', message)
        if (message.consumerGroup !== undefined)
          span.pushAttribute('messaging.consumer.group.name', message.consumerGroup)
        const baggage = propagation.getBaggage(base)
        if (baggage) pushBaggage(span, baggage)
        // A trace that begins here is marked where it begins.
        if (parent && span.kept) span.markKept()
      }
      const run = () => context.with(span ? trace.setSpan(base, span) : base, handle)
      if (!profiles || !span) return measured('process', message, span, run)
      return profiled(profiles, span, message.destination, (labelled) =>
        measured('process', message, span, () => labelled(run)),
      )
    },
  }
}

/** Links the samples that are taken meanwhile to the span. */
async function profiled<T>(
  profiles: Profiler,
  span: RecordedSpan,
  destination: string,
  work: (labelled: (run: () => Promise<T>) => Promise<T>) => Promise<T>,
): Promise<T> {
  const { traceId, spanId } = span
  const label = profiles.label({ traceId, spanId, route: undefined, destination })
  if (!label) return work((run) => run())
  // Where Grafana looks for the profile of a span.
  span.pushAttribute('pyroscope.profile.id', spanId)
  try {
    return await work((run) => profiles.run(label, run))
  } finally {
    profiles.release(label)
  }
}

interface Origin {
  readonly parent: ParentContext | undefined
  /** Without a span, but with baggage. */
  readonly context: Context
}

function activeOrigin(): Origin {
  const active = context.active()
  return { parent: parentOf(trace.getSpan(active)), context: active }
}

/** What a message was handed; nothing of what happens to be active where it is received. */
function received(headers: HeaderReader | undefined, keys: ReadonlySet<string>): Origin {
  const root = rootContext(ROOT_CONTEXT)
  if (!headers) return { parent: undefined, context: root }
  const parent = remoteParent(headers.get('traceparent') || undefined, headers.get('tracestate') ?? '')
  const baggage = parseBaggage(headers.get('baggage') ?? '', keys)
  return { parent, context: baggage ? propagation.setBaggage(root, baggage) : root }
}

function describe(
  span: RecordedSpan,
  operation: 'send' | 'process',
  { system, destination, peerService, messageId, bodyBytes, attributes }: OutgoingMessage | IncomingMessage,
): void {
  span.pushAttribute('messaging.system', system)
  span.pushAttribute('messaging.operation.name', operation)
  span.pushAttribute('messaging.operation.type', operation)
  span.pushAttribute('messaging.destination.name', destination)
  span.pushAttribute('peer.service', peerService ?? system)
  if (messageId !== undefined) span.pushAttribute('messaging.message.id', messageId)
  if (bodyBytes !== undefined) span.pushAttribute('messaging.message.body.size', bodyBytes)
  if (attributes) span.setAttributes(attributes)
}

function inject(span: RecordedSpan, base: Context, headers: HeaderWriter, keys: ReadonlySet<string>): void {
  headers.set('traceparent', formatTraceparent(span.traceId, span.spanId))
  if (span.traceState !== '') headers.set('tracestate', span.traceState)
  const baggage = formatBaggage(propagation.getBaggage(base), keys)
  if (baggage !== '') headers.set('baggage', baggage)
}
