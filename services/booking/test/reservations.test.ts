import { randomUUID } from 'node:crypto'
import type { Problem, Reservation } from '@faultline/contracts'
import { queryOnce } from '@faultline/test-support/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BoxOffice, type Replica, startBoxOffice } from './support/box-office.ts'

let office: BoxOffice
let replica: Replica

beforeAll(async () => {
  office = await startBoxOffice()
  replica = await office.startReplica()
})
afterAll(async () => {
  await replica?.[Symbol.asyncDispose]()
  await office?.[Symbol.asyncDispose]()
})

const statusOf = async (seatIds: readonly string[]) =>
  (
    await office.database.asOwner<{ status: string }>(
      'SELECT status FROM catalog.seats WHERE id = ANY($1::uuid[]) ORDER BY id',
      [seatIds],
    )
  ).map(({ status }) => status)

const problemOf = (answer: { body: unknown }) => (answer.body as Problem).type

describe('a reservation', () => {
  it('holds all of its seats, for a price and a time, and is found again', async () => {
    const concert = await office.database.addConcert(4)
    const visitor = await office.visitor(replica.url)
    const { status, body } = await visitor.reserve(concert, concert.seatIds.slice(0, 2))
    expect(status).toBe(201)
    expect(body).toMatchObject({
      concertId: concert.id,
      seatIds: concert.seatIds.slice(0, 2),
      status: 'held',
      total: { amount: 5_000, currency: 'EUR' },
    })
    expect(Date.parse(body.expiresAt) - Date.parse(body.createdAt)).toBe(120_000)
    expect(await statusOf(concert.seatIds)).toEqual(['held', 'held', 'available', 'available'])
    expect(await visitor.send<Reservation>('GET', `/reservations/${body.id}`)).toMatchObject({
      status: 200,
      body,
    })
  })

  it('takes none of its seats when one is taken', async () => {
    const concert = await office.database.addConcert(3)
    const visitor = await office.visitor(replica.url)
    await visitor.reserve(concert, concert.seatIds.slice(1, 2))
    const answer = await visitor.reserve(concert, concert.seatIds)
    expect(answer.status).toBe(409)
    expect(problemOf(answer)).toBe('urn:faultline:problem:seat-not-available')
    expect(await statusOf(concert.seatIds)).toEqual(['available', 'held', 'available'])
  })

  it('has one winner among fifty who want the same seat at once', async () => {
    const concert = await office.database.addConcert(2)
    const [seat = ''] = concert.seatIds
    const visitors = await Promise.all(Array.from({ length: 50 }, () => office.visitor(replica.url)))
    const answers = await Promise.all(visitors.map((visitor) => visitor.reserve(concert, [seat])))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 201)).toHaveLength(1)
    // A loser hears that it is taken, or that there is too much going on; nobody hears that it is theirs.
    expect(statuses.filter((status) => status !== 201 && status !== 409 && status !== 503)).toEqual([])
    expect(await statusOf([seat])).toEqual(['held'])
  })

  it('is never in a circle of waiting, whatever seats others want in whatever order', async () => {
    const concert = await office.database.addConcert(8)
    const before = await deadlocks()
    const visitors = await Promise.all(Array.from({ length: 8 }, () => office.visitor(replica.url)))
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(
        visitors.map((visitor, index) => {
          const rotated = [...concert.seatIds.slice(index), ...concert.seatIds.slice(0, index)]
          return visitor.reserve(concert, index % 2 ? rotated.toReversed() : rotated)
        }),
      )
      const won = answers.filter(({ status }) => status === 201)
      expect(won).toHaveLength(1)
      expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true)
      const winner = visitors[answers.findIndex(({ status }) => status === 201)]
      expect(await winner?.send('DELETE', `/reservations/${won[0]?.body.id}`)).toMatchObject({ status: 204 })
    }
    expect(await deadlocks()).toBe(before)
  })

  it('cannot have a seat that another one has, even if the inventory says that it is free', async () => {
    const concert = await office.database.addConcert(1)
    const visitor = await office.visitor(replica.url)
    expect((await visitor.reserve(concert, concert.seatIds)).status).toBe(201)
    await office.database.asOwner("UPDATE catalog.seats SET status = 'available' WHERE concert_id = $1", [
      concert.id,
    ])
    const answer = await visitor.reserve(concert, concert.seatIds)
    expect(answer.status).toBe(409)
    expect(problemOf(answer)).toBe('urn:faultline:problem:seat-not-available')
  })

  it.each([
    [
      'an unknown concert',
      async () => ({ id: randomUUID(), seatIds: [randomUUID()] }),
      404,
      'resource-not-found',
    ],
    [
      'a cancelled concert',
      () => office.database.addConcert(1, { status: 'cancelled' }),
      409,
      'concert-not-on-sale',
    ],
    [
      'a concert that has begun',
      () => office.database.addConcert(1, { startsAt: new Date(Date.now() - 60_000) }),
      409,
      'concert-not-on-sale',
    ],
  ])('is refused for %s', async (_, makeConcert, status, type) => {
    const concert = await makeConcert()
    const answer = await (await office.visitor(replica.url)).reserve(concert, concert.seatIds)
    expect(answer.status).toBe(status)
    expect(problemOf(answer)).toBe(`urn:faultline:problem:${type}`)
  })

  it('is refused for a seat of another concert, and leaves it alone', async () => {
    const [one, other] = [await office.database.addConcert(1), await office.database.addConcert(1)]
    const answer = await (await office.visitor(replica.url)).reserve(one, other.seatIds)
    expect(answer.status).toBe(404)
    expect(await statusOf(other.seatIds)).toEqual(['available'])
  })
})

describe('a release', () => {
  it('gives the seats back once, and is done again without harm', async () => {
    const concert = await office.database.addConcert(2)
    const visitor = await office.visitor(replica.url)
    const { body } = await visitor.reserve(concert, concert.seatIds)
    const path = `/reservations/${body.id}`
    expect((await visitor.send('DELETE', path)).status).toBe(204)
    expect(await statusOf(concert.seatIds)).toEqual(['available', 'available'])
    const other = await office.visitor(replica.url)
    expect((await other.reserve(concert, concert.seatIds)).status).toBe(201)
    expect((await visitor.send('DELETE', path)).status).toBe(204)
    expect(await statusOf(concert.seatIds)).toEqual(['held', 'held'])
  })
})

describe('a hold whose time is up', () => {
  it('gives its seats back, cannot be ordered any more, and counts as abandoned', async () => {
    await using short = await office.startReplica({ holdSeconds: 1 })
    const concert = await office.database.addConcert(2)
    const visitor = await office.visitor(short.url)
    const { body } = await visitor.reserve(concert, concert.seatIds)
    await expect
      .poll(() => statusOf(concert.seatIds), { timeout: 10_000 })
      .toEqual(['available', 'available'])
    expect((await visitor.send<Reservation>('GET', `/reservations/${body.id}`)).body.status).toBe('expired')
    const answer = await visitor.order(body.id)
    expect(answer.status).toBe(409)
    expect(problemOf(answer)).toBe('urn:faultline:problem:reservation-not-held')
    const expired = async (of: Replica) =>
      of.telemetry.value('box_office_reservations_total', { outcome: 'expired' })
    expect((await expired(short)) + (await expired(replica))).toBe(1)
    expect(office.payments.requests).toEqual([])
  })

  it('is ended once, however many replicas look for it', async () => {
    await using one = await office.startReplica({ holdSeconds: 1 })
    await using other = await office.startReplica({ holdSeconds: 1 })
    const concert = await office.database.addConcert(120)
    const visitor = await office.visitor(one.url)
    const before = await totalExpired([replica, one, other])
    // More than two batches, ten at a time so that none is turned away.
    for (let from = 0; from < concert.seatIds.length; from += 10) {
      const some = concert.seatIds.slice(from, from + 10)
      const answers = await Promise.all(some.map((seat) => visitor.reserve(concert, [seat])))
      expect(answers.every(({ status }) => status === 201)).toBe(true)
    }
    await expect.poll(() => totalExpired([replica, one, other]), { timeout: 15_000 }).toBe(before + 120)
    expect(new Set(await statusOf(concert.seatIds))).toEqual(new Set(['available']))
  })
})

async function totalExpired(replicas: readonly Replica[]): Promise<number> {
  const counts = await Promise.all(
    replicas.map(({ telemetry }) => telemetry.value('box_office_reservations_total', { outcome: 'expired' })),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}

async function deadlocks(): Promise<number> {
  const [row] = await office.database.asOwner<{ deadlocks: number }>(
    'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
  )
  return row?.deadlocks ?? 0
}

describe("the service's role", () => {
  it.each([
    'UPDATE catalog.seats SET price = 1',
    'UPDATE catalog.seats SET concert_id = concert_id',
    'INSERT INTO catalog.seats SELECT * FROM catalog.seats',
    'DELETE FROM catalog.seats',
    "UPDATE catalog.concerts SET status = 'scheduled'",
    'SELECT * FROM catalog.venues',
    'UPDATE booking.reservations SET amount = 0',
    'DELETE FROM booking.orders',
  ])('may not: %s', async (statement) => {
    await expect(queryOnce(office.database.serviceUrl, statement)).rejects.toThrow(/permission denied/)
  })
})
