import { randomUUID } from 'node:crypto'
import type { Ticket } from '@faultline/contracts'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeEvent, publish } from './support/orders.ts'
import type { RunningTicketing } from './support/service.ts'
import { type Surroundings, startSurroundings, WITHIN } from './support/surroundings.ts'

let office: Surroundings

beforeAll(async () => {
  office = await startSurroundings()
})
afterAll(() => office?.[Symbol.asyncDispose]())

async function getTicket(service: RunningTicketing, orderId: string, userId: string, suffix = '') {
  const authorization = await service.tokenOf(userId, 'orders:read')
  return fetch(`${service.url}/orders/${orderId}/ticket${suffix}`, { headers: { authorization } })
}

describe('the ticket renderer', () => {
  it('makes a document of a confirmed order, for its visitor only', async () => {
    await using service = await office.start()
    const event = makeEvent({ seats: 3 })
    const { id: orderId, userId, seatIds } = event.order
    const early = await getTicket(service, orderId, userId)
    expect([early.status, early.headers.get('retry-after')]).toEqual([404, '1'])
    await publish(office.booking, event)

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
    await using service = await office.start()
    const event = makeEvent()
    await Promise.all([publish(office.booking, event), publish(office.booking, event)])
    await publish(office.booking, { ...event, id: randomUUID() })
    await vi.waitFor(async () => expect(await office.ticketsOf(event.order.id)).toBe(1), WITHIN)
    await office.settled()
    expect(await office.ticketsOf(event.order.id)).toBe(1)
    expect(service.telemetry.lines.filter(({ msg }) => msg === 'ticket issued')).toHaveLength(1)
  })

  it('starts and stops without the broker, and takes up what was published when both are there', async () => {
    await office.broker.kill()
    await (await office.start())[Symbol.asyncDispose]()
    await using service = await office.start()
    const event = makeEvent()
    expect((await getTicket(service, event.order.id, event.order.userId)).status).toBe(404)
    await office.broker.start()
    await publish(office.booking, event)
    await vi.waitFor(async () => expect(await office.ticketsOf(event.order.id)).toBe(1), WITHIN)
  })

  it('goes on after the broker was killed, without losing an event', async () => {
    await using service = await office.start()
    const events = Array.from({ length: 20 }, () => makeEvent({ seats: 1 }))
    for (const event of events) await publish(office.booking, event)
    await office.broker.kill()
    await vi.waitFor(() => expect(service.nats.connected).toBe(false))
    await office.broker.start()
    for (const { order } of events) {
      await vi.waitFor(async () => expect(await office.ticketsOf(order.id)).toBe(1), WITHIN)
    }
  })

  it('tries again while the database is away', async () => {
    const policy = {
      ackWaitMs: 1_000,
      backoffMs: [100],
      maxDeliveries: 100,
      concurrency: 4,
      timeoutMs: 2_000,
    }
    await using _service = await office.start({ policies: { renderer: policy, sender: policy } })
    const event = makeEvent()
    await office.database.postgres.stop()
    try {
      await publish(office.booking, event)
      await vi.waitFor(
        async () => expect((await office.renderer()).num_redelivered).toBeGreaterThan(0),
        WITHIN,
      )
    } finally {
      await office.database.postgres.start()
    }
    await vi.waitFor(async () => expect(await office.ticketsOf(event.order.id)).toBe(1), WITHIN)
  })
})
