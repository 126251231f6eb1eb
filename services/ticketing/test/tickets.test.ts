import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  DEAD_LETTERS_STREAM,
  deadLetterHeaders,
  deadLetterSubject,
  ORDERS_STREAM,
  replaySubject,
  TICKET_RENDERER,
  type Ticket,
} from '@faultline/contracts'
import { connectNats, createServiceTokens, type Nats } from '@faultline/service-kit'
import {
  freePort,
  startNats,
  startServiceProcess,
  type TestNats,
  testTelemetry,
} from '@faultline/service-kit/testing'
import { jetstream, jetstreamManager, type StoredMsg } from '@nats-io/jetstream'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startTicketingDatabase, type TicketingDatabase } from './support/database.ts'
import { makeEvent, publish } from './support/orders.ts'
import { type RunningTicketing, startTicketing } from './support/service.ts'

const WITHIN = { timeout: 20_000, interval: 50 }

let database: TicketingDatabase
let broker: TestNats
let booking: Nats

beforeAll(async () => {
  database = await startTicketingDatabase()
  broker = await startNats()
  booking = connectNats({ url: broker.url, name: 'booking', ...testTelemetry(), retryMs: 20 })
})
afterAll(async () => {
  await booking?.close()
  await broker?.[Symbol.asyncDispose]()
  await database?.[Symbol.asyncDispose]()
})

const start = () => startTicketing({ database: database.serviceUrl, nats: broker.url })

async function ticketsOf(orderId: string): Promise<number> {
  const [row] = await database.asOwner<{ count: number }>(
    'SELECT count(*)::int FROM ticketing.tickets WHERE order_id = $1',
    [orderId],
  )
  return row?.count ?? 0
}

async function renderer() {
  const manager = await jetstreamManager(await booking.connection())
  return manager.consumers.info(ORDERS_STREAM, TICKET_RENDERER)
}

/** Waits until the renderer has settled everything. */
async function settled(): Promise<void> {
  await vi.waitFor(async () => {
    const { num_pending, num_ack_pending } = await renderer()
    expect([num_pending, num_ack_pending]).toEqual([0, 0])
  }, WITHIN)
}

async function lastDeadLetter(): Promise<StoredMsg> {
  const { streams } = await jetstreamManager(await booking.connection())
  const message = await streams.getMessage(DEAD_LETTERS_STREAM, {
    last_by_subj: deadLetterSubject(TICKET_RENDERER),
  })
  if (!message) throw new Error('there is no dead letter')
  return message
}

async function getTicket(service: RunningTicketing, orderId: string, userId: string, suffix = '') {
  const authorization = await service.tokenOf(userId, 'orders:read')
  return fetch(`${service.url}/orders/${orderId}/ticket${suffix}`, { headers: { authorization } })
}

describe('the ticket renderer', () => {
  it('makes a document of a confirmed order, for its visitor only', async () => {
    await using service = await start()
    const event = makeEvent({ seats: 3 })
    const { id: orderId, userId, seatIds } = event.order
    const early = await getTicket(service, orderId, userId)
    expect([early.status, early.headers.get('retry-after')]).toEqual([404, '1'])
    await publish(booking, event)

    await vi.waitFor(async () => expect((await getTicket(service, orderId, userId)).status).toBe(200), WITHIN)
    const ticket = (await (await getTicket(service, orderId, userId)).json()) as Ticket
    expect(ticket).toMatchObject({ orderId, seatIds })
    const pdf = await getTicket(service, orderId, userId, '.pdf')
    expect(pdf.headers.get('content-type')).toBe('application/pdf')
    const text = Buffer.from(await pdf.arrayBuffer()).toString('latin1')
    expect(text.slice(0, 5)).toBe('%PDF-')
    expect(text.match(/\/Type \/Page\b/g)).toHaveLength(seatIds.length)

    const stranger = randomUUID()
    const [theirs, none] = await Promise.all([
      getTicket(service, orderId, stranger),
      getTicket(service, randomUUID(), stranger),
    ])
    expect([theirs.status, none.status]).toEqual([404, 404])
    expect(((await theirs.json()) as { type: string }).type).toBe(
      ((await none.json()) as { type: string }).type,
    )
    expect((await getTicket(service, orderId, stranger, '.pdf')).status).toBe(404)
    expect(await service.telemetry.register.metrics()).toContain(
      'box_office_payment_to_ticket_seconds_count 1',
    )
  })

  it('makes one ticket of an event that comes twice, and of an order that is told of twice', async () => {
    await using service = await start()
    const event = makeEvent()
    await Promise.all([publish(booking, event), publish(booking, event)])
    await publish(booking, { ...event, id: randomUUID() })
    await vi.waitFor(async () => expect(await ticketsOf(event.order.id)).toBe(1), WITHIN)
    await settled()
    expect(await ticketsOf(event.order.id)).toBe(1)
    expect(service.telemetry.lines.filter(({ msg }) => msg === 'ticket issued')).toHaveLength(1)
  })

  it('starts without the broker, and takes up what was published when both are there', async () => {
    await broker.kill()
    await using service = await start()
    const event = makeEvent()
    expect((await getTicket(service, event.order.id, event.order.userId)).status).toBe(404)
    await broker.start()
    await publish(booking, event)
    await vi.waitFor(async () => expect(await ticketsOf(event.order.id)).toBe(1), WITHIN)
  })

  it('goes on after the broker was killed, without losing an event', async () => {
    await using service = await start()
    const events = Array.from({ length: 20 }, () => makeEvent({ seats: 1 }))
    for (const event of events) await publish(booking, event)
    await broker.kill()
    await vi.waitFor(() => expect(service.nats.connected).toBe(false))
    await broker.start()
    for (const { order } of events) {
      await vi.waitFor(async () => expect(await ticketsOf(order.id)).toBe(1), WITHIN)
    }
  })

  it('tries again while the database is away', async () => {
    await using _service = await startTicketing(
      { database: database.serviceUrl, nats: broker.url },
      {
        policies: {
          renderer: {
            ackWaitMs: 1_000,
            backoffMs: [100],
            maxDeliveries: 100,
            concurrency: 4,
            timeoutMs: 2_000,
          },
          sender: {
            ackWaitMs: 1_000,
            backoffMs: [100],
            maxDeliveries: 100,
            concurrency: 4,
            timeoutMs: 2_000,
          },
        },
      },
    )
    const event = makeEvent()
    await database.postgres.stop()
    try {
      await publish(booking, event)
      await vi.waitFor(async () => expect((await renderer()).num_redelivered).toBeGreaterThan(0), WITHIN)
    } finally {
      await database.postgres.start()
    }
    await vi.waitFor(async () => expect(await ticketsOf(event.order.id)).toBe(1), WITHIN)
  })
})

describe('a message that cannot be handled', () => {
  it.each([
    ['is not JSON', '{', 'not JSON'],
    ['is no event', JSON.stringify({ id: 7 }), 'not valid at /id'],
  ])('becomes a dead letter with the reason when it %s, and holds up nothing', async (_case, body, error) => {
    await using service = await start()
    await publish(booking, body)
    const event = makeEvent()
    await publish(booking, event)
    await vi.waitFor(async () => expect(await ticketsOf(event.order.id)).toBe(1), WITHIN)
    await settled()
    const { header, data } = await lastDeadLetter()
    expect(header.get(deadLetterHeaders.reason)).toBe('invalid-message')
    expect(header.get(deadLetterHeaders.error)).toContain(error)
    expect(new TextDecoder().decode(data)).toBe(body)
    const labels = { messaging_consumer_group_name: TICKET_RENDERER, reason: 'invalid-message' }
    expect(await service.telemetry.value('messaging_dead_letters_total', labels)).toBe(1)
  })

  it('is tried as often as its policy says, put aside, and worked on when it is replayed after the cure', async () => {
    await using service = await start()
    const event = makeEvent()
    await database.asOwner('ALTER TABLE ticketing.tickets RENAME TO gone')
    try {
      await publish(booking, event)
      await vi.waitFor(
        async () =>
          expect(
            await service.telemetry.value('messaging_dead_letters_total', {
              messaging_consumer_group_name: TICKET_RENDERER,
              reason: 'max-deliveries',
            }),
          ).toBe(1),
        WITHIN,
      )
    } finally {
      await database.asOwner('ALTER TABLE ticketing.gone RENAME TO tickets')
    }
    const letter = await lastDeadLetter()
    expect(letter.header.get(deadLetterHeaders.deliveries)).toBe('3')
    expect(await ticketsOf(event.order.id)).toBe(0)
    await jetstream(await booking.connection()).publish(replaySubject(TICKET_RENDERER), letter.data)
    await vi.waitFor(async () => expect(await ticketsOf(event.order.id)).toBe(1), WITHIN)
  })

  it('shows how far the consumers are behind', async () => {
    await using service = await start()
    const group = { messaging_consumer_group_name: TICKET_RENDERER }
    const value = (name: string) => service.telemetry.value(name, group)
    await database.asOwner('ALTER TABLE ticketing.tickets RENAME TO gone')
    try {
      await publish(booking, makeEvent())
      await vi.waitFor(async () => {
        expect(await value('messaging_dead_letter_queue_messages')).toBeGreaterThan(0)
      }, WITHIN)
    } finally {
      await database.asOwner('ALTER TABLE ticketing.gone RENAME TO tickets')
    }
    await vi.waitFor(async () => {
      const names = ['pending_messages', 'ack_pending_messages', 'lag_seconds']
      const values = await Promise.all(names.map((name) => value(`messaging_consumer_${name}`)))
      expect(values).toEqual([0, 0, 0])
    }, WITHIN)
  })
})

describe('ticketing as a process', () => {
  const tokens = createServiceTokens({
    issuer: 'urn:faultline:gateway',
    subject: randomUUID(),
    audience: 'box-office',
    scope: 'orders:read',
  })
  let gateway: Server
  beforeAll(async () => {
    gateway = createServer((_req, res) => res.end(JSON.stringify(tokens.jwks()))).listen(0, '127.0.0.1')
    await once(gateway, 'listening')
  })
  afterAll(() => {
    gateway.close()
    gateway.closeAllConnections()
  })

  const startProcess = (env: Record<string, string> = {}) =>
    startServiceProcess({
      entry: new URL('../src/main.ts', import.meta.url),
      env: {
        DATABASE_URL: database.serviceUrl,
        NATS_URL: broker.url,
        GATEWAY_JWKS_URL: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/.well-known/jwks.json`,
        ...env,
      },
    })

  it('works in the trace of the order, and takes the token of its visitor', async () => {
    // Nobody takes the traces; their ids are in the log.
    const collector = `http://127.0.0.1:${await freePort()}`
    await using service = await startProcess({
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector,
    })
    const event = makeEvent()
    const traceId = randomBytes(16).toString('hex')
    const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`
    await publish(booking, event, { traceparent, tracestate: 'faultline=keep' })
    await vi.waitFor(() => {
      expect(service.logLines()).toContainEqual(
        expect.objectContaining({ msg: 'ticket issued', orderId: event.order.id, trace_id: traceId }),
      )
    }, WITHIN)
    const headers = { authorization: `Bearer ${await tokens.token()}` }
    const url = `${service.url}/orders/${event.order.id}/ticket`
    expect((await fetch(url, { headers })).status).toBe(404)
    expect((await fetch(url)).status).toBe(401)
  })

  it('killed while it renders, leaves the order to the one that is started after it', async () => {
    // Some seconds of rendering.
    const event = makeEvent({ seats: 400 })
    await using first = await startProcess()
    await settled()
    await publish(booking, event)
    await vi.waitFor(async () => expect((await renderer()).num_ack_pending).toBe(1), {
      ...WITHIN,
      interval: 5,
    })
    first.kill('SIGKILL')
    await first.ended
    expect(await ticketsOf(event.order.id)).toBe(0)
    await using _second = await startProcess()
    await vi.waitFor(async () => expect(await ticketsOf(event.order.id)).toBe(1), WITHIN)
  })
})
