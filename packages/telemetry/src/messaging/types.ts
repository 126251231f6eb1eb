import type { Attributes } from '@opentelemetry/api'

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
