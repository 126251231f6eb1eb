import { randomUUID } from 'node:crypto'
import type { Order, OrderPage, Problem } from '@faultline/contracts'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type BoxOffice, type Replica, startBoxOffice, type Visitor } from './support/box-office.ts'
import { eventsOf } from './support/events.ts'

let office: BoxOffice
let replica: Replica

beforeAll(async () => {
  office = await startBoxOffice()
  replica = await office.startReplica()
})
afterEach(() => {
  office.payments.behaviour = 'succeed'
})
afterAll(async () => {
  await replica?.[Symbol.asyncDispose]()
  await office?.[Symbol.asyncDispose]()
})

async function reserved(seats = 2) {
  const concert = await office.database.addConcert(seats)
  const visitor = await office.visitor(replica.url)
  const { body } = await visitor.reserve(concert, concert.seatIds)
  return { visitor, concert, reservationId: body.id }
}

const statusOf = async (seatIds: readonly string[]) => {
  const rows = await office.database.asOwner<{ status: string }>(
    'SELECT DISTINCT status FROM catalog.seats WHERE id = ANY($1::uuid[])',
    [seatIds],
  )
  return rows.map(({ status }) => status).join()
}

const getOrder = async (visitor: Visitor, id: string) =>
  (await visitor.send<Order>('GET', `/orders/${id}`)).body

describe('an order', () => {
  it('that is paid has its seats sold and is announced once', async () => {
    const { visitor, concert, reservationId } = await reserved()
    const { status, body } = await visitor.order(reservationId)
    expect(status).toBe(201)
    expect(body).toMatchObject({
      reservationId,
      concertId: concert.id,
      seatIds: concert.seatIds,
      status: 'confirmed',
      total: { amount: 5_000, currency: 'EUR' },
    })
    expect(await statusOf(concert.seatIds)).toBe('sold')
    await expect.poll(() => eventsOf(office.nats.url, body.id).catch(() => [])).toHaveLength(1)
    expect((await eventsOf(office.nats.url, body.id))[0]?.order).toEqual({
      id: body.id,
      userId: visitor.userId,
      concertId: concert.id,
      seatIds: concert.seatIds,
      total: body.total,
      confirmedAt: body.confirmedAt,
    })
    expect(await getOrder(visitor, body.id)).toEqual(body)
    expect(await replica.telemetry.value('box_office_tickets_sold_total')).toBe(2)
    expect(await replica.telemetry.value('box_office_revenue_total', { currency: 'EUR' })).toBe(5_000)
  })

  it('that is declined gives its seats back, and says so however often it is repeated', async () => {
    office.payments.behaviour = 'decline'
    const { visitor, concert, reservationId } = await reserved()
    const key = randomUUID()
    for (let i = 0; i < 2; i++) {
      const answer = await visitor.order(reservationId, key)
      expect(answer.status).toBe(402)
      expect((answer.body as unknown as Problem).type).toBe('urn:faultline:problem:payment-declined')
    }
    expect(await statusOf(concert.seatIds)).toBe('available')
    const other = await office.visitor(replica.url)
    expect((await other.reserve(concert, concert.seatIds)).status).toBe(201)
    expect(await visitor.send('DELETE', `/reservations/${reservationId}`)).toMatchObject({ status: 409 })
  })

  it.each(['pending', 'lose', 'fail'] as const)(
    'of which payments first say "%s" is settled later, and charged once',
    async (first) => {
      const { visitor, concert, reservationId } = await reserved()
      let times = 0
      // As often as the client itself repeats.
      office.payments.behaviour = () => (times++ < 3 ? first : 'succeed')
      const { status, body } = await visitor.order(reservationId)
      expect([201, 202]).toContain(status)
      await expect
        .poll(async () => (await getOrder(visitor, body.id)).status, { timeout: 15_000 })
        .toBe('confirmed')
      expect(await statusOf(concert.seatIds)).toBe('sold')
      expect(office.payments.charges.get(body.id)?.status).toBe('succeeded')
      await expect.poll(() => eventsOf(office.nats.url, body.id)).toHaveLength(1)
    },
  )

  it('is answered with 202 in time when payments are late, and keeps its seats past the hold', async () => {
    await using short = await office.startReplica({ holdSeconds: 2 })
    office.payments.behaviour = 'late'
    const concert = await office.database.addConcert(1)
    const visitor = await office.visitor(short.url)
    const { body: reservation } = await visitor.reserve(concert, concert.seatIds)
    const key = randomUUID()
    const send = () =>
      visitor.send<Order>('POST', '/orders', {
        body: { reservationId: reservation.id, paymentToken: 'tok_visa' },
        key,
        headers: { 'x-request-timeout-ms': '800' },
      })
    const { status, body, headers } = await send()
    expect(status).toBe(202)
    expect(headers.get('retry-after')).toBe('1')
    expect(body.status).toBe('pending')
    // The worker that ends holds has run since.
    const due = () =>
      office.database.asOwner('SELECT 1 FROM booking.reservations WHERE id = $1 AND expires_at < now()', [
        reservation.id,
      ])
    await expect.poll(due, { timeout: 5_000 }).toHaveLength(1)
    const rounds = await short.telemetry.value('background_runs_total', {
      worker: 'expiry',
      outcome: 'success',
    })
    await expect
      .poll(() => short.telemetry.value('background_runs_total', { worker: 'expiry', outcome: 'success' }), {
        timeout: 5_000,
      })
      .toBeGreaterThan(rounds + 1)
    expect(await statusOf(concert.seatIds)).toBe('held')
    await expect
      .poll(() => short.telemetry.value('box_office_oldest_pending_order_age_seconds'), { timeout: 5_000 })
      .toBeGreaterThan(1)

    office.payments.behaviour = 'succeed'
    office.payments.answerLate()
    await expect
      .poll(async () => (await getOrder(visitor, body.id)).status, { timeout: 15_000 })
      .toBe('confirmed')
    expect((await send()).status).toBe(201)
    expect(await statusOf(concert.seatIds)).toBe('sold')
  })

  it('is one order, charged once, however often and fast the request is repeated', async () => {
    const { visitor, reservationId } = await reserved()
    const sold = await replica.telemetry.value('box_office_tickets_sold_total')
    const key = randomUUID()
    const answers = await Promise.all(Array.from({ length: 10 }, () => visitor.order(reservationId, key)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    const id = answers[0]?.body.id ?? ''
    const asked = office.payments.requests.filter(({ orderId }) => orderId === id)
    // Repeats share an attempt. One that comes as the first ends may ask again, and gets the same answer.
    expect(asked.length).toBeLessThan(answers.length / 2)
    await expect.poll(() => eventsOf(office.nats.url, id)).toHaveLength(1)
    expect(await replica.telemetry.value('box_office_tickets_sold_total')).toBe(sold + 2)
  })

  it('cannot be made of a reservation that another order is for', async () => {
    const { visitor, reservationId } = await reserved()
    expect((await visitor.order(reservationId)).status).toBe(201)
    const answer = await visitor.order(reservationId)
    expect(answer.status).toBe(409)
    expect((answer.body as unknown as Problem).type).toBe('urn:faultline:problem:reservation-not-held')
  })

  it('has one winner among many requests with keys of their own', async () => {
    const { visitor, reservationId } = await reserved()
    const answers = await Promise.all(Array.from({ length: 10 }, () => visitor.order(reservationId)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(9)
  })

  it('stays as it is when payments contradict themselves, which is logged and counted', async () => {
    await using other = await office.startReplica({ workers: false })
    const { concert, reservationId, visitor } = await reserved()
    const elsewhere = await office.visitor(other.url, visitor.userId)
    office.payments.behaviour = 'late'
    const waiting = elsewhere.order(reservationId)
    const charge = await vi.waitFor(async () => {
      const [order] = await office.database.asOwner<{ id: string }>(
        'SELECT id FROM booking.orders WHERE reservation_id = $1',
        [reservationId],
      )
      const made = office.payments.charges.get(order?.id ?? '')
      if (!made) throw new Error('not charged yet')
      return made
    })
    // The replica with the workers hears that it is declined, while the other one still waits.
    Object.assign(charge, { status: 'declined', declineReason: 'stolen_card' })
    office.payments.behaviour = 'succeed'
    await office.database.asOwner('UPDATE booking.orders SET next_attempt_at = now() WHERE id = $1', [
      charge.orderId,
    ])
    await expect.poll(() => statusOf(concert.seatIds), { timeout: 1_800 }).toBe('available')
    Object.assign(charge, { status: 'succeeded' })
    office.payments.answerLate()
    expect((await waiting).status).toBe(402)
    expect(await statusOf(concert.seatIds)).toBe('available')
    await expect
      .poll(() => other.telemetry.value('box_office_orders_total', { outcome: 'contradicted' }))
      .toBe(1)
    expect(other.telemetry.lines).toContainEqual(
      expect.objectContaining({ level: 50, 'order.id': charge.orderId }),
    )
  })
})

describe('the list of orders', () => {
  it('has every order of the user once, newest first, whatever the size of the page', async () => {
    const visitor = await office.visitor(replica.url)
    const concert = await office.database.addConcert(7)
    const ids: string[] = []
    for (const seat of concert.seatIds) {
      const { body } = await visitor.reserve(concert, [seat])
      ids.unshift((await visitor.order(body.id)).body.id)
    }
    for (const limit of [1, 2, 3, 7, 100]) {
      const seen: string[] = []
      let cursor: string | null = ''
      while (cursor !== null) {
        const path: string = `/orders?limit=${limit}${cursor && `&cursor=${cursor}`}`
        const { body } = await visitor.send<OrderPage>('GET', path)
        expect(body.items.length).toBeLessThanOrEqual(limit)
        seen.push(...body.items.map(({ id }) => id))
        cursor = body.nextCursor
      }
      expect(seen).toEqual(ids)
    }
  })
})
