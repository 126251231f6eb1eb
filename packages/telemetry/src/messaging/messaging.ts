import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type TextMapGetter,
  type TextMapSetter,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { showBaggage, withListedBaggage } from '../baggage/baggage.ts'
import { monotonicMs, toHrTime } from '../clock.ts'
import type { SampleLabels } from '../profiles/plugin.ts'
import { attributesOf } from '../spans/attributes.ts'
import { readText, recordFailure } from '../spans/record-error.ts'
import type { HeaderReader, HeaderWriter, IncomingMessage, Messaging, OutgoingMessage } from './types.ts'

/** What messaging feeds; undefined for what is off. */
export interface MessagingDependencies {
  readonly tracer: Tracer | undefined
  readonly labels: SampleLabels | undefined
  readonly baggageKeys: ReadonlySet<string>
}

const reader: TextMapGetter<HeaderReader> = {
  get: (headers, key) => headers.get(key) || undefined,
  keys: () => [],
}
const writer: TextMapSetter<HeaderWriter> = {
  set(headers, key, value) {
    headers.set(key, value)
  },
}

export function createMessaging({ tracer, labels, baggageKeys }: MessagingDependencies): Messaging {
  /** What a message was handed; nothing of what happens to be active where it is received. */
  function received(headers: HeaderReader | undefined): Context {
    if (!headers) return ROOT_CONTEXT
    return withListedBaggage(propagation.extract(ROOT_CONTEXT, headers, reader), baggageKeys)
  }

  return {
    send(message, publish) {
      if (!tracer) return publish()
      const parent = message.origin ? received(message.origin) : context.active()
      const options = { kind: SpanKind.PRODUCER, startTime: toHrTime(monotonicMs()) }
      const span = tracer.startSpan(`send ${message.destination}`, options, parent)
      describe(span, 'send', message)
      const active = trace.setSpan(parent, span)
      propagation.inject(active, message.headers, writer)
      return ended(span, () => context.with(active, publish))
    },

    process(message, handle) {
      if (!tracer) return handle()
      const parent = received(message.headers)
      const options = { kind: SpanKind.CONSUMER, startTime: toHrTime(monotonicMs()) }
      const span = tracer.startSpan(`process ${message.destination}`, options, parent)
      describe(span, 'process', message)
      if (message.consumerGroup !== undefined) {
        attributesOf(span)['messaging.consumer.group.name'] = message.consumerGroup
      }
      showBaggage(span, parent)
      const run = () => context.with(trace.setSpan(parent, span), handle)
      return labels ? profiled(labels, span, message.destination, run) : ended(span, run)
    },
  }
}

/** Ends the span with the work, whichever way that goes. */
async function ended<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work()
    span.end(toHrTime(monotonicMs()))
    return result
  } catch (error) {
    attributesOf(span)['error.type'] = readText(error, 'name') ?? 'Error'
    recordFailure(span, error)
    span.end(toHrTime(monotonicMs()))
    throw error
  }
}

/** Links the samples that are taken meanwhile to the span. */
async function profiled<T>(
  labels: SampleLabels,
  span: Span,
  destination: string,
  run: () => Promise<T>,
): Promise<T> {
  const { traceId, spanId } = span.spanContext()
  const label = labels.label({ traceId, spanId, route: undefined, destination })
  if (!label) return ended(span, run)
  // Where Grafana looks for the profile of a span.
  attributesOf(span)['pyroscope.profile.id'] = spanId
  try {
    return await ended(span, () => labels.run(label, run))
  } finally {
    labels.release(label)
  }
}

function describe(
  span: Span,
  operation: 'send' | 'process',
  {
    system,
    destination,
    peerService,
    messageId,
    bodyBytes,
    attributes: more,
  }: OutgoingMessage | IncomingMessage,
): void {
  const attributes = attributesOf(span)
  attributes['messaging.system'] = system
  attributes['messaging.operation.name'] = operation
  attributes['messaging.operation.type'] = operation
  attributes['messaging.destination.name'] = destination
  attributes['peer.service'] = peerService ?? system
  if (messageId !== undefined) attributes['messaging.message.id'] = messageId
  if (bodyBytes !== undefined) attributes['messaging.message.body.size'] = bodyBytes
  if (more) span.setAttributes(more)
}
