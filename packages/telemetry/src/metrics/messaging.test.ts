import { type Attributes, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import { remote, Spans } from '../../test/metric-spans.ts'

const OPERATION = 'messaging_client_operation_duration_seconds'
const PROCESS = 'messaging_process_duration_seconds'
const SENT = 'messaging_client_sent_messages_total'
const CONSUMED = 'messaging_client_consumed_messages_total'

const { PRODUCER, CONSUMER, CLIENT } = SpanKind

function message(operation: string | undefined, more: Attributes = {}): Attributes {
  return {
    'messaging.system': 'nats',
    'messaging.destination.name': 'orders',
    ...(operation !== undefined && { 'messaging.operation.type': operation }),
    ...more,
  }
}

/** What a single span feeds: names of the histograms and how many messages were counted. */
async function fed(spans: Spans) {
  const counts = async (name: string) => (await spans.counts(name)).map(([, count]) => count)
  const totals = async (name: string) => (await spans.samples(name)).map(({ value }) => value)
  return {
    operation: await counts(OPERATION),
    process: await counts(PROCESS),
    sent: await totals(SENT),
    consumed: await totals(CONSUMED),
  }
}

const nothing = { operation: [], process: [], sent: [], consumed: [] }

describe('messages', () => {
  it.each([
    [PRODUCER, 'send', { ...nothing, operation: [1], sent: [1] }],
    [PRODUCER, 'publish', { ...nothing, operation: [1], sent: [1] }],
    [PRODUCER, undefined, { ...nothing, operation: [1], sent: [1] }],
    [PRODUCER, 'create', nothing],
    [CLIENT, 'send', { ...nothing, operation: [1], sent: [1] }],
    [CLIENT, 'receive', { ...nothing, operation: [1], consumed: [1] }],
    [CONSUMER, 'receive', { ...nothing, operation: [1], consumed: [1] }],
    [CLIENT, 'settle', { ...nothing, operation: [1] }],
    [CLIENT, undefined, nothing],
    [CONSUMER, 'process', { ...nothing, process: [1], consumed: [1] }],
    [CONSUMER, undefined, { ...nothing, process: [1], consumed: [1] }],
  ])('of kind %i and operation %s', async (kind, operation, expected) => {
    const spans = new Spans()
    spans.make({ kind, attributes: message(operation) })
    expect(await fed(spans)).toEqual(expected)
  })

  it('are none without a system', async () => {
    const spans = new Spans()
    spans.make({ kind: CONSUMER, attributes: { 'messaging.operation.type': 'process' } })
    spans.make({ kind: PRODUCER })
    expect(await fed(spans)).toEqual(nothing)
  })

  it('have labels by the stable names, then the old ones', async () => {
    const spans = new Spans()
    const group = { 'messaging.operation.name': 'handle', 'messaging.consumer.group.name': 'mailer' }
    spans.make({ kind: CONSUMER, attributes: message('process', group), failed: true })
    const old = {
      'messaging.system': 'rabbitmq',
      'messaging.destination': 'x',
      'messaging.operation': 'deliver',
    }
    spans.make({ kind: CONSUMER, attributes: old })
    expect((await spans.counts(PROCESS)).map(([labels]) => labels)).toEqual([
      {
        messaging_system: 'nats',
        messaging_operation_name: 'handle',
        messaging_destination_name: 'orders',
        messaging_consumer_group_name: 'mailer',
        error_type: '_OTHER',
      },
      { messaging_system: 'rabbitmq', messaging_operation_name: 'process', messaging_destination_name: 'x' },
    ])
  })

  it.each([
    [{ 'messaging.destination.temporary': true }, ''],
    [{ 'messaging.destination.anonymous': true }, ''],
    [{ 'messaging.destination.template': 'orders.{region}' }, 'orders.{region}'],
  ])('have no name that is made for one consumer: %o', async (more, name) => {
    const spans = new Spans()
    spans.make({ kind: PRODUCER, attributes: message('send', more) })
    expect((await spans.counts(OPERATION))[0]?.[0].messaging_destination_name).toBe(name)
  })

  it('are counted by the batch', async () => {
    const spans = new Spans()
    spans.make({ kind: PRODUCER, attributes: message('send', { 'messaging.batch.message_count': 5 }) })
    spans.make({ kind: CLIENT, attributes: message('receive'), late: { 'messaging.batch.message_count': 0 } })
    expect(await fed(spans)).toEqual({ operation: [1, 1], process: [], sent: [5], consumed: [0] })
  })

  it.each([Number.POSITIVE_INFINITY, 1e300])('do not spoil the sum with a batch of %d', async (count) => {
    const spans = new Spans()
    spans.make({ kind: PRODUCER, attributes: message('send', { 'messaging.batch.message_count': count }) })
    spans.make({ kind: PRODUCER, attributes: message('send') })
    expect(await fed(spans)).toEqual({ ...nothing, operation: [2], sent: [1] })
    expect(await spans.samples('telemetry_span_metrics_errors_total')).toEqual([{ labels: {}, value: 1 }])
  })

  it('of a batch are counted when it is received, not when each is processed', async () => {
    const spans = new Spans()
    const batch = { kind: CONSUMER, attributes: message('receive', { 'messaging.batch.message_count': 2 }) }
    spans.make(batch, undefined, (context) => {
      for (let index = 0; index < 2; index += 1) {
        spans.make({ kind: CONSUMER, attributes: message('process') }, context)
      }
    })
    expect(await fed(spans)).toEqual({ operation: [1], process: [2], sent: [], consumed: [2] })
  })

  it('count once where one library is built on another', async () => {
    const spans = new Spans()
    const send = { kind: PRODUCER, attributes: message('send') }
    spans.make(send, undefined, (context) => void spans.make(send, context))
    expect(await fed(spans)).toEqual({ ...nothing, operation: [1], sent: [1] })
  })

  it('are not below the spans they are linked to', async () => {
    const spans = new Spans({ slowThresholdMs: 5 })
    const context = trace.getSpanContext(remote())
    const links = context ? [{ context }] : []
    const span = spans.start({ kind: CONSUMER, attributes: message('process'), links }, ROOT_CONTEXT)
    spans.end(span, { ms: 10 })
    // Not late: the trace begins here.
    expect(await spans.exemplars(PROCESS)).toEqual([span.spanContext().spanId])
  })
})
