/** Two replicas of booking at once, before payments that know one address of booking's keys. */
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type BoxOffice, KEYS, type Replica, startBoxOffice } from './support/box-office.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

let office: BoxOffice

beforeAll(async () => {
  office = await startBoxOffice()
})
afterEach(() => {
  office.payments.behaviour = 'succeed'
})
afterAll(() => office?.[Symbol.asyncDispose]())

/** For what a busy machine may refuse at first. */
const PATIENCE = { timeout: 10_000, interval: 100 }

/** Statuses of orders that nothing refused; on a busy machine payments may take longer than an order waits. */
const TAKEN = [201, 202]

/** Reserves and pays for a seat. @returns status of the order */
async function buyAt({ url }: Replica): Promise<number> {
  const concert = await office.database.addConcert(1)
  const visitor = await office.visitor(url)
  const key = randomUUID()
  const reservation = await vi.waitFor(async () => {
    const { status, body } = await visitor.reserve(concert, concert.seatIds, key)
    expect(status).toBe(201)
    return body
  }, PATIENCE)
  return (await visitor.order(reservation.id)).status
}

async function keysAt({ url }: Replica): Promise<string[]> {
  // On a busy machine a replica may listen before it has read the keys.
  const answer = await vi.waitFor(async () => {
    const keySet = await fetch(`${url}/.well-known/jwks.json`)
    expect(keySet.status).toBe(200)
    return keySet
  }, PATIENCE)
  return ((await answer.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)
}

/** Ids of the keys in the order in which they sign. */
async function storedKeys(): Promise<string[]> {
  const rows = await office.database.asOwner<{ kid: string }>(
    'SELECT kid FROM booking.signing_keys ORDER BY signs_from',
  )
  return rows.map(({ kid }) => kid)
}

describe('two replicas', () => {
  it('that start at the same time agree on one key, and payments take the tokens of both', async () => {
    const started = await Promise.all([office.startReplica(), office.startReplica()])
    await using first = started[0]
    await using second = started[1]
    expect(await keysAt(first)).toHaveLength(1)
    expect(await keysAt(second)).toEqual(await keysAt(first))
    for (const status of await Promise.all([first, second, second, first].map(buyAt))) {
      expect(TAKEN).toContain(status)
    }
    expect(office.payments.refused).toBe(0)
  })

  it('go over to a new key without a moment in which payments refuse one', async () => {
    await office.database.asOwner('DELETE FROM booking.signing_keys')
    // Replicas look for each other's keys every second.
    const pace = { SIGNING_KEY_LEAD_SECONDS: 5, SIGNING_KEY_MAX_AGE_SECONDS: 6 }
    await using first = await office.startReplica(pace)
    await using second = await office.startReplica(pace)
    const [before = ''] = await keysAt(first)
    // Orders all the while, through both, until a third key is there: the second one signs by then.
    const statuses: number[] = []
    await expect
      .poll(
        async () => {
          statuses.push(...(await Promise.all([first, second].map(buyAt))))
          return (await keysAt(second)).length
        },
        { timeout: 40_000, interval: 100 },
      )
      .toBe(3)
    // The two keep using the tokens that they have; one that starts now signs with the new key.
    await using third = await office.startReplica(pace)
    const [, next = ''] = await storedKeys()
    statuses.push(...(await Promise.all([first, second, third].map(buyAt))))
    expect([...office.payments.signedBy]).toEqual(expect.arrayContaining([before, next]))
    for (const status of statuses) expect(TAKEN).toContain(status)
    expect(office.payments.refused).toBe(0)
  })

  it('publish a key that is made ahead of its time, before it signs', async () => {
    await using first = await office.startReplica()
    await using second = await office.startReplica()
    const before = await keysAt(first)
    await execa(process.execPath, [MAIN, 'rotate-signing-key'], {
      env: { DATABASE_URL: office.database.serviceUrl, SIGNING_KEYS_SECRET: KEYS.SIGNING_KEYS_SECRET },
    })
    const next = (await storedKeys()).at(-1) ?? ''
    expect(before).not.toContain(next)
    for (const replica of [first, second]) {
      await vi.waitFor(async () => expect(await keysAt(replica)).toContain(next), PATIENCE)
      expect(TAKEN).toContain(await buyAt(replica))
    }
    expect(office.payments.signedBy).not.toContain(next)
  })

  it('each finish an order whose payment one of them could not wait for, and it is charged once', async () => {
    await using first = await office.startReplica({ workers: false })
    const concert = await office.database.addConcert(1)
    const visitor = await office.visitor(first.url)
    const { body: reservation } = await visitor.reserve(concert, concert.seatIds)
    office.payments.behaviour = 'lose'
    const { status, body: order } = await visitor.order(reservation.id)
    expect(status).toBe(202)
    office.payments.behaviour = 'succeed'
    await using second = await office.startReplica()
    const there = await office.visitor(second.url, visitor.userId)
    await expect
      .poll(async () => (await there.send<{ status: string }>('GET', `/orders/${order.id}`)).body.status, {
        timeout: 20_000,
      })
      .toBe('confirmed')
    expect(office.payments.charges.get(order.id)?.status).toBe('succeeded')
    expect(office.payments.refused).toBe(0)
  })
})
