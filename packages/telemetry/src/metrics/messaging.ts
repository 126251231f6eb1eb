import { Counter, type OpenMetricsContentType, type Registry } from 'prom-client'
import type { MetricsOptions } from '../options.ts'
import type { RecordedSpan } from '../trace/span.ts'
import { DurationHistogram } from './duration-histogram.ts'

/** One message that was sent or processed. */
export interface FinishedMessage {
  readonly system: string
  readonly operation: 'send' | 'process'
  readonly destination: string
  readonly consumerGroup: string | undefined
  readonly errorType: string | undefined
  readonly durationSeconds: number
  /** Span to show as exemplar; undefined for none. */
  readonly exemplar: RecordedSpan | undefined
}

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
  readonly #send: DurationHistogram
  readonly #process: DurationHistogram
  readonly #sent: Counter<(typeof LABELS)[number]>
  readonly #consumed: Counter<(typeof LABELS)[number]>

  constructor(register: Registry<OpenMetricsContentType>, { durationBuckets: buckets }: MetricsOptions) {
    this.#send = new DurationHistogram(register, {
      name: 'messaging_client_operation_duration_seconds',
      help: 'Duration of sending a message, until the broker has acknowledged it',
      labelNames: LABELS,
      buckets,
    })
    this.#process = new DurationHistogram(register, {
      name: 'messaging_process_duration_seconds',
      help: 'Duration of processing a message',
      labelNames: LABELS,
      buckets,
    })
    const registers = [register]
    this.#sent = new Counter({
      name: 'messaging_client_sent_messages',
      help: 'Messages that a producer tried to send',
      labelNames: LABELS,
      registers,
    })
    this.#consumed = new Counter({
      name: 'messaging_client_consumed_messages',
      help: 'Messages that were handed to a consumer, redeliveries included',
      labelNames: LABELS,
      registers,
    })
  }

  finished(message: FinishedMessage): void {
    const { system, operation, destination, consumerGroup, errorType, durationSeconds, exemplar } = message
    const histogram = operation === 'send' ? this.#send : this.#process
    const values = [system, operation, destination, consumerGroup, errorType]
    histogram.observe(values, durationSeconds, exemplar)
    const counter = operation === 'send' ? this.#sent : this.#consumed
    counter.inc({
      messaging_system: system,
      messaging_operation_name: operation,
      messaging_destination_name: destination,
      ...(consumerGroup === undefined ? {} : { messaging_consumer_group_name: consumerGroup }),
      ...(errorType === undefined ? {} : { error_type: errorType }),
    })
  }
}
