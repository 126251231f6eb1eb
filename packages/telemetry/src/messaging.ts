import type { Attributes } from '@opentelemetry/api'
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
import { showBaggage, withListedBaggage } from './baggage.ts'
import type { SampleLabels } from './profiles/plugin.ts'
import { attributesOf, readText, recordFailure, toHrTime } from './spans.ts'

/** Where a message's headers are read from; an absent one is undefined or empty. */
export interface HeaderReader {
  get(key: string): string | undefined
}

/** Where a message's headers are written to. */
export interface HeaderWriter {
  set(key: string, value: string): unknown
}

interface Message {
  /** `messaging.system`, such as `nats`. */
  readonly system: string
  /** Topic, queue or subject, without anything that differs between messages: it becomes a label. */
  readonly destination: string
  /** `peer.service`: the broker's name, by which a service graph draws the way over it. Default: the system's. */
  readonly peerService?: string
  readonly messageId?: string | undefined
  readonly bodyBytes?: number | undefined
  /** More attributes of the span. */
  readonly attributes?: Attributes
}

/** A message that is going to be sent. */
export interface OutgoingMessage extends Message {
  /** Given `traceparent`, `tracestate` and `baggage`. */
  readonly headers: HeaderWriter
  /**
   * Headers that were stored when the message came to be, as `propagation.inject` wrote them: an outbox sends later
   * and elsewhere than in the request that it is for. Without it, the active span is the parent.
   */
  readonly origin?: HeaderReader
}

/** A message that has come. */
export interface IncomingMessage extends Message {
  /** Undefined where the message has none. */
  readonly headers: HeaderReader | undefined
  readonly consumerGroup?: string
}

/**
 * Spans and metrics of a message, whatever the broker, by the semantic conventions:
 * https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 */
export interface Messaging {
  /**
   * Runs `publish` in a producer span, `send DESTINATION`, whose context the headers carry. A rejection becomes
   * status ERROR and is thrown on.
   */
  send<T>(message: OutgoingMessage, publish: () => Promise<T>): Promise<T>
  /**
   * Runs `handle` in a consumer span, `process DESTINATION`: child of the producer's, with its keep mark and baggage,
   * and with samples of profiles linked to it. A rejection becomes status ERROR and is thrown on.
   */
  process<T>(message: IncomingMessage, handle: () => Promise<T>): Promise<T>
}

const reader: TextMapGetter<HeaderReader> = {
  get: (headers, key) => headers.get(key) || undefined,
  keys: () => [],
}
const writer: TextMapSetter<HeaderWriter> = { set: (headers, key, value) => void headers.set(key, value) }

/** @param tracer undefined where no spans are made @param labels undefined where samples are not linked */
export function createMessaging(
  tracer: Tracer | undefined,
  labels: SampleLabels | undefined,
  baggageKeys: ReadonlySet<string>,
): Messaging {
  /** What a message was handed; nothing of what happens to be active where it is received. */
  function received(headers: HeaderReader | undefined): Context {
    if (!headers) return ROOT_CONTEXT
    return withListedBaggage(propagation.extract(ROOT_CONTEXT, headers, reader), baggageKeys)
  }

  return {
    send(message, publish) {
      if (!tracer) return publish()
      const parent = message.origin ? received(message.origin) : context.active()
      const options = { kind: SpanKind.PRODUCER, startTime: toHrTime() }
      const span = tracer.startSpan(`send ${message.destination}`, options, parent)
      describe(span, 'send', message)
      const active = trace.setSpan(parent, span)
      propagation.inject(active, message.headers, writer)
      return ended(span, () => context.with(active, publish))
    },

    process(message, handle) {
      if (!tracer) return handle()
      const parent = received(message.headers)
      const options = { kind: SpanKind.CONSUMER, startTime: toHrTime() }
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
    return await work()
  } catch (error) {
    attributesOf(span)['error.type'] = readText(error, 'name') ?? 'Error'
    recordFailure(span, error)
    throw error
  } finally {
    span.end(toHrTime())
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
  { system, destination, peerService, messageId, bodyBytes, attributes: more }: Message,
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
