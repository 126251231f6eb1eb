import type { Attributes, SpanContext } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { errorTypeOf, type MessagingOperation, textOf } from './span-attributes.ts'
import {
  DurationHistogram,
  type OpenMetricsRegistry,
  SpanCounter,
  type SpanMetricsOptions,
} from './span-metric.ts'

const LABELS = [
  'messaging_system',
  'messaging_operation_name',
  'messaging_destination_name',
  'messaging_consumer_group_name',
  'error_type',
] as const

/**
 * Rate, errors and duration of messages, as in
 * https://opentelemetry.io/docs/specs/semconv/messaging/messaging-metrics/
 */
export class MessagingMetrics {
  readonly #client: DurationHistogram
  readonly #process: DurationHistogram
  readonly #sent: SpanCounter
  readonly #consumed: SpanCounter

  constructor(register: OpenMetricsRegistry, { durationBuckets: buckets, maxSeries }: SpanMetricsOptions) {
    const common = { labelNames: LABELS, maxSeries }
    this.#client = new DurationHistogram(register, {
      name: 'messaging_client_operation_duration_seconds',
      help: 'Duration of sending a message, until the broker has acknowledged it',
      buckets,
      ...common,
    })
    this.#process = new DurationHistogram(register, {
      name: 'messaging_process_duration_seconds',
      help: 'Duration of processing a message',
      buckets,
      ...common,
    })
    this.#sent = new SpanCounter(register, {
      name: 'messaging_client_sent_messages_total',
      help: 'Messages that a producer tried to send',
      ...common,
    })
    this.#consumed = new SpanCounter(register, {
      name: 'messaging_client_consumed_messages_total',
      help: 'Messages that were handed to a consumer, redeliveries included',
      ...common,
    })
  }

  /** @param isCounted the messages were counted before, when the batch that they are of was received */
  ended(
    span: ReadableSpan,
    operation: MessagingOperation,
    seconds: number,
    isCounted: boolean,
    exemplar: SpanContext | undefined,
  ): void {
    const { attributes } = span
    const values = [
      textOf(attributes['messaging.system']),
      textOf(attributes['messaging.operation.name']) ?? operation,
      destinationOf(attributes),
      textOf(attributes['messaging.consumer.group.name'] ?? attributes['messaging.kafka.consumer.group']),
      errorTypeOf(span),
    ]
    const histogram = operation === 'process' ? this.#process : this.#client
    histogram.observe(values, seconds, exemplar)
    if (operation === 'send') this.#sent.add(values, messagesOf(attributes))
    else if (operation !== 'settle' && !isCounted) this.#consumed.add(values, messagesOf(attributes))
  }
}

/** Topic or queue; empty for one that was made for a single consumer, whose name says nothing. */
function destinationOf(attributes: Attributes): string {
  const template = textOf(attributes['messaging.destination.template'])
  if (template !== undefined) return template
  const isPassing =
    attributes['messaging.destination.temporary'] === true ||
    attributes['messaging.destination.anonymous'] === true
  const name = attributes['messaging.destination.name'] ?? attributes['messaging.destination']
  return isPassing ? '' : (textOf(name) ?? '')
}

function messagesOf(attributes: Attributes): number {
  const count = attributes['messaging.batch.message_count'] ?? 1
  return typeof count === 'number' && count >= 0 ? count : 1
}
