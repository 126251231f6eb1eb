import { randomUUID } from 'node:crypto'
import type { Order } from '@faultline/contracts'
import type { ServiceProcess } from '@faultline/test-support/service-process'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type BoxOffice, startBoxOffice, type Visitor } from './support/box-office.ts'
import { crashPoint, type Statement } from './support/crash-point.ts'
import type { TestConcert } from './support/database.ts'
import { eventsOf } from './support/events.ts'
import type { Behaviour } from './support/payments.ts'

/** What the visitor would see of it: the answer breaks off. */
const BROKEN_OFF = 'broken off'

let office: BoxOffice
let service: ServiceProcess

beforeAll(async () => {
  office = await startBoxOffice()
  service = await office.startProcess()
})
afterEach(() => {
  office.payments.behaviour = 'succeed'
})
afterAll(async () => {
  await service?.[Symbol.asyncDispose]()
  await office?.[Symbol.asyncDispose]()
})

/** Kills the process as a crash does and starts it where it was. */
async function killAndRestart(): Promise<void> {
  service.kill('SIGKILL')
  await service.ended
  const port = Number(new URL(service.url).port)
  service = await office.startProcess({ port })
}

async function reserved(): Promise<{ visitor: Visitor; concert: TestConcert; reservationId: string }> {
  const concert = await office.database.addConcert(2)
  const visitor = await office.visitor(service.url)
  const { body } = await visitor.reserve(concert, concert.seatIds)
  return { visitor, concert, reservationId: body.id }
}

async function seatStatus(concert: TestConcert): Promise<string> {
  const rows = await office.database.asOwner<{ status: string }>(
    'SELECT DISTINCT status FROM catalog.seats WHERE concert_id = $1',
    [concert.id],
  )
  return rows.map(({ status }) => status).join()
}

async function orderOf(reservationId: string): Promise<{ id: string; status: string } | undefined> {
  const [order] = await office.database.asOwner<{ id: string; status: string }>(
    'SELECT id, status FROM booking.orders WHERE reservation_id = $1',
    [reservationId],
  )
  return order
}

const settledAs = async (reservationId: string, status: string): Promise<string> => {
  await expect
    .poll(async () => (await orderOf(reservationId))?.status, { timeout: 20_000, interval: 100 })
    .toBe(status)
  return (await orderOf(reservationId))?.id ?? ''
}

describe('booking, killed while an order', () => {
  const points: [string, Statement, Behaviour, 'confirmed' | 'declined'][] = [
    [
      'has its seats sold',
      { table: 'catalog.seats', operation: 'UPDATE', when: "NEW.status = 'sold'" },
      'succeed',
      'confirmed',
    ],
    [
      'is confirmed',
      { table: 'booking.orders', operation: 'UPDATE', when: "NEW.status = 'confirmed'" },
      'succeed',
      'confirmed',
    ],
    ['is written into the outbox', { table: 'booking.outbox', operation: 'INSERT' }, 'succeed', 'confirmed'],
    [
      'was announced, but that is not noted yet',
      { table: 'booking.outbox', operation: 'UPDATE' },
      'succeed',
      'confirmed',
    ],
    [
      'is declined',
      { table: 'booking.orders', operation: 'UPDATE', when: "NEW.status = 'declined'" },
      'decline',
      'declined',
    ],
    [
      'gives its seats back',
      { table: 'catalog.seats', operation: 'UPDATE', when: "NEW.status = 'available'" },
      'decline',
      'declined',
    ],
  ]

  it.each(points)('%s, ends it by itself after the restart', async (_, statement, behaviour, end) => {
    const { visitor, concert, reservationId } = await reserved()
    office.payments.behaviour = behaviour
    const key = randomUUID()
    {
      await using point = await crashPoint(office.database, statement)
      const answer = visitor.order(reservationId, key).catch(() => BROKEN_OFF)
      await point.reached()
      service.kill('SIGKILL')
      await service.ended
      await answer
    }
    await killAndRestart()
    const id = await settledAs(reservationId, end)

    expect(await seatStatus(concert)).toBe(end === 'confirmed' ? 'sold' : 'available')
    expect(office.payments.charges.get(id)?.status).toBe(end === 'confirmed' ? 'succeeded' : 'declined')
    const answer = await visitor.order(reservationId, key)
    expect(answer.status).toBe(end === 'confirmed' ? 201 : 402)
    if (end === 'declined') return
    expect(answer.body.id).toBe(id)
    await expect.poll(() => unsent(id), { timeout: 10_000 }).toBe(0)
    expect(await eventsOf(office.nats.url, id)).toHaveLength(1)
  })

  it('waits for payments, which have charged, asks again and charges nothing twice', async () => {
    const { visitor, concert, reservationId } = await reserved()
    office.payments.behaviour = 'late'
    const answer = visitor.order(reservationId).catch(() => BROKEN_OFF)
    const charged = async () => office.payments.charges.has((await orderOf(reservationId))?.id ?? '')
    await expect.poll(charged, { timeout: 5_000 }).toBe(true)
    await killAndRestart()
    expect(await answer).toBe(BROKEN_OFF)
    expect(await seatStatus(concert)).toBe('held')
    office.payments.behaviour = 'succeed'
    const id = await settledAs(reservationId, 'confirmed')
    expect(await seatStatus(concert)).toBe('sold')
    expect(office.payments.requests.filter(({ orderId }) => orderId === id).length).toBeGreaterThan(1)
    await expect.poll(() => eventsOf(office.nats.url, id), { timeout: 10_000 }).toHaveLength(1)
  })

  it('is not durable yet, has made none, and makes one when the request is repeated', async () => {
    const { visitor, concert, reservationId } = await reserved()
    const key = randomUUID()
    {
      await using point = await crashPoint(office.database, { table: 'booking.orders', operation: 'INSERT' })
      const answer = visitor.order(reservationId, key).catch(() => BROKEN_OFF)
      await point.reached()
      service.kill('SIGKILL')
      await service.ended
      expect(await answer).toBe(BROKEN_OFF)
    }
    await killAndRestart()
    expect(await orderOf(reservationId)).toBeUndefined()
    expect(await askedForNothing()).toEqual([])
    const { status, body } = await visitor.order(reservationId, key)
    expect(status).toBe(201)
    expect(await seatStatus(concert)).toBe('sold')
    expect((await visitor.send<Order>('GET', `/orders/${body.id}`)).body).toEqual(body)
  })
})

describe('booking, killed between a reservation and the note of its key', () => {
  it('holds no seat, and holds it once when the request is repeated', async () => {
    const concert = await office.database.addConcert(1)
    const visitor = await office.visitor(service.url)
    const key = randomUUID()
    {
      await using point = await crashPoint(office.database, {
        table: 'booking.idempotency_keys',
        operation: 'INSERT',
      })
      const answer = visitor.reserve(concert, concert.seatIds, key).catch(() => BROKEN_OFF)
      await point.reached()
      service.kill('SIGKILL')
      await service.ended
      expect(await answer).toBe(BROKEN_OFF)
    }
    await vi.waitFor(async () => expect(await seatStatus(concert)).toBe('available'))
    await killAndRestart()
    const first = await visitor.reserve(concert, concert.seatIds, key)
    expect(first.status).toBe(201)
    const again = await visitor.reserve(concert, concert.seatIds, key)
    expect(again.body).toEqual(first.body)
  })
})

/** Orders that payments were asked to charge and that are not stored: money must not move for those. */
async function askedForNothing(): Promise<string[]> {
  const stored = await office.database.asOwner<{ id: string }>('SELECT id FROM booking.orders')
  const asked = office.payments.requests.map(({ orderId }) => orderId)
  return asked.filter((orderId) => !stored.some(({ id }) => id === orderId))
}

/** Events of an order that are not noted as sent. */
async function unsent(orderId: string): Promise<number> {
  const rows = await office.database.asOwner(
    "SELECT 1 FROM booking.outbox WHERE payload #>> '{order,id}' = $1 AND sent_at IS NULL",
    [orderId],
  )
  return rows.length
}
