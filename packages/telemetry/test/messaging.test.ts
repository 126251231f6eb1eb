import { context, propagation, trace } from '@opentelemetry/api'
import Koa from 'koa'
import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import { profiles } from '../src/profiles/index.ts'
import { until } from './poll.ts'
import { exemplarOf, TestService } from './support.ts'

const CHANNEL = 'box_office.order.channel'
const ORDERS = { system: 'nats', destination: 'orders.confirmed' }
const CONSUMER = { ...ORDERS, consumerGroup: 'ticket-renderer' }
const BAGGAGE = { baggage: { keys: [CHANNEL] } }

const start = (keepRatio: number) => TestService.start({ traces: { keepRatio }, ...BAGGAGE })
const getActiveBaggage = () => propagation.getActiveBaggage()

describe('messaging', () => {
  it('makes the consumer a child of the producer, with keep mark and baggage', async () => {
    await using service = await start(1)
    const { telemetry } = service
    const headers = new Map<string, string>()
    await telemetry.withSpan('order', () =>
      telemetry.withBaggage({ [CHANNEL]: 'box office', secret: 'x' }, () =>
        telemetry.messaging.send(
          { ...ORDERS, headers, messageId: 'm-1', bodyBytes: 12, peerService: 'orders-broker' },
          async () => undefined,
        ),
      ),
    )
    expect(headers.get('baggage')).toBe(`${CHANNEL}=box%20office`)
    const seen = await telemetry.messaging.process({ ...CONSUMER, headers, messageId: 'm-1' }, async () => ({
      channel: getActiveBaggage()?.getEntry(CHANNEL)?.value,
      span: trace.getActiveSpan()?.spanContext().spanId,
    }))
    await service.telemetry.flush()
    const [send, order, process] = service.receiver.spans
    expect(send).toMatchObject({
      name: 'send orders.confirmed',
      kind: 'SPAN_KIND_PRODUCER',
      parentSpanId: order?.spanId,
      status: 'STATUS_CODE_UNSET',
    })
    expect(send?.attributes).toEqual({
      'messaging.system': 'nats',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'orders.confirmed',
      'messaging.message.id': 'm-1',
      'messaging.message.body.size': 12,
      'peer.service': 'orders-broker',
    })
    expect(process).toMatchObject({
      name: 'process orders.confirmed',
      kind: 'SPAN_KIND_CONSUMER',
      traceId: order?.traceId,
      parentSpanId: send?.spanId,
      traceState: 'faultline=keep',
    })
    expect(process?.attributes).toEqual({
      'messaging.system': 'nats',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'orders.confirmed',
      'messaging.message.id': 'm-1',
      'messaging.consumer.group.name': 'ticket-renderer',
      'peer.service': 'nats',
      [CHANNEL]: 'box office',
      'sampling.keep': true,
    })
    expect(seen).toEqual({ channel: 'box office', span: process?.spanId })
  })

  it('sends from an outbox in the trace that the message is for', async () => {
    await using service = await start(1)
    const { telemetry } = service
    const stored: Record<string, string> = {}
    telemetry.withSpan('order', () =>
      telemetry.withBaggage({ [CHANNEL]: 'web' }, () => propagation.inject(context.active(), stored)),
    )
    const headers = new Map<string, string>()
    const origin = new Map(Object.entries(stored))
    await telemetry.withSpan('relay', () =>
      telemetry.messaging.send({ ...ORDERS, headers, origin }, async () => undefined),
    )
    await service.telemetry.flush()
    const { spans } = service.receiver
    const named = (name: string) => spans.find((span) => span.name === name)
    expect(named('send orders.confirmed')).toMatchObject({
      traceId: named('order')?.traceId,
      parentSpanId: named('order')?.spanId,
    })
    expect(headers.get('baggage')).toBe(`${CHANNEL}=web`)
  })

  it('counts and times, by outcome, and records what was thrown', async () => {
    await using service = await start(1)
    const { messaging } = service.telemetry
    await messaging.process({ ...CONSUMER, headers: undefined }, async () => undefined)
    const fail = messaging.process({ ...CONSUMER, headers: undefined }, () =>
      Promise.reject(new TypeError('no such seat')),
    )
    await expect(fail).rejects.toThrow('no such seat')
    await messaging.send({ ...ORDERS, headers: new Map() }, async () => undefined)
    await service.telemetry.flush()
    expect(service.receiver.spans[1]).toMatchObject({
      status: 'STATUS_CODE_ERROR',
      attributes: { 'error.type': 'TypeError' },
      events: [{ name: 'exception', attributes: { 'exception.message': 'no such seat' } }],
    })
    const labels = (operation: string) =>
      `messaging_system="nats",messaging_operation_name="${operation}",messaging_destination_name="orders.confirmed"`
    const group = 'messaging_consumer_group_name="ticket-renderer"'
    expect(await service.scrape('messaging_client_consumed_messages_total')).toEqual([
      `messaging_client_consumed_messages_total{${labels('process')},${group}} 1`,
      `messaging_client_consumed_messages_total{${labels('process')},${group},error_type="TypeError"} 1`,
    ])
    expect(await service.scrape('messaging_process_duration_seconds_count')).toHaveLength(2)
    expect(await service.scrape('messaging_client_sent_messages_total')).toEqual([
      `messaging_client_sent_messages_total{${labels('send')}} 1`,
    ])
    expect(await service.scrape('messaging_client_operation_duration_seconds_count')).toEqual([
      `messaging_client_operation_duration_seconds_count{${labels('send')}} 1`,
    ])
  })

  it('gives exemplars to kept messages only, as the sampler may have decided before an error', async () => {
    await using service = await start(0)
    const { messaging } = service.telemetry
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const exemplars = async () =>
      (await service.scrape('messaging_process_duration_seconds_bucket')).flatMap(
        (line) => exemplarOf(line) ?? [],
      )
    const unmarked = new Map([['traceparent', traceparent]])
    await messaging
      .process({ ...CONSUMER, headers: unmarked }, () => Promise.reject(new Error('late')))
      .catch(() => undefined)
    expect(await exemplars()).toEqual([])
    const marked = new Map([...unmarked, ['tracestate', 'vendor=1,faultline=keep']])
    await messaging.process({ ...CONSUMER, headers: marked }, async () => undefined)
    await service.telemetry.flush()
    const [, span] = service.receiver.spans
    expect(await exemplars()).toEqual([{ traceId: span?.traceId, spanId: span?.spanId }])
  })

  it('links samples of profiles to the consumer span', { timeout: 30_000 }, async () => {
    await using service = await TestService.start({
      traces: { keepRatio: 1 },
      profiles: profiles({ flushIntervalMs: 200, heap: false }),
    })
    const { messaging } = service.telemetry
    await messaging.process({ ...CONSUMER, headers: undefined }, async () => burnCpu(300))
    await service.telemetry.flush()
    const [span] = service.receiver.spans
    expect(span?.attributes).toHaveProperty('pyroscope.profile.id', span?.spanId)
    await until('samples of the span', async () =>
      service.receiver.profiles.some(({ samples }) =>
        samples.some(
          ({ attributes, spanId }) =>
            spanId === span?.spanId && attributes.messaging_destination_name === ORDERS.destination,
        ),
      ),
    )
  })

  it('works without traces and metrics', async () => {
    await using service = await TestService.start({ traces: false, metrics: false })
    const { messaging } = service.telemetry
    const headers = new Map<string, string>()
    expect(await messaging.send({ ...ORDERS, headers }, async () => 1)).toBe(1)
    expect(await messaging.process({ ...CONSUMER, headers }, async () => 2)).toBe(2)
    expect(headers.size).toBe(0)
  })
})

describe('baggage over HTTP', () => {
  async function channelSeenBy(trustIncomingContext: boolean, header: string): Promise<unknown> {
    await using service = await TestService.start({
      traces: { trustIncomingContext },
      httpClient: false,
      ...BAGGAGE,
    })
    const app = new Koa()
    app.use(service.telemetry.middleware())
    app.use((ctx) => {
      ctx.body = { entries: getActiveBaggage()?.getAllEntries() ?? [] }
    })
    const answer = await request(await service.listen(app), { headers: { baggage: header } })
    const seen = await answer.body.json()
    await service.telemetry.flush()
    return { seen, attribute: service.receiver.spans[0]?.attributes[CHANNEL] }
  }

  it('reaches the handlers and the span, listed keys only', async () => {
    expect(await channelSeenBy(true, `${CHANNEL}=web,role=admin`)).toEqual({
      seen: { entries: [[CHANNEL, { value: 'web' }]] },
      attribute: 'web',
    })
  })

  it('is dropped where callers are not trusted', async () => {
    expect(await channelSeenBy(false, `${CHANNEL}=web`)).toEqual({
      seen: { entries: [] },
      attribute: undefined,
    })
  })

  it('goes out to services that have a name, not to strangers', async () => {
    await using service = await start(1)
    const app = new Koa()
    app.use((ctx) => {
      ctx.body = { baggage: ctx.get('baggage') }
    })
    const url = await service.listen(app)
    const { telemetry } = service
    const call = () =>
      telemetry.withBaggage(
        { [CHANNEL]: 'web' },
        async () => (await request(url)).body.json() as Promise<unknown>,
      )
    expect(await call()).toEqual({ baggage: '' })
    service.telemetry.setPeerService(url, 'booking')
    expect(await call()).toEqual({ baggage: `${CHANNEL}=web` })
  })
})

/** Keeps the processor busy. @returns something, so that the loop is not taken away */
function burnCpu(ms: number): number {
  const end = performance.now() + ms
  let sum = 0
  while (performance.now() < end) sum += Math.sqrt(sum + 1)
  return sum
}
