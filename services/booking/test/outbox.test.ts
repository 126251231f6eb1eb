import { ORDERS_STREAM } from '@faultline/contracts'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BoxOffice, type Replica, startBoxOffice } from './support/box-office.ts'
import { eventsOf, storedEvents } from './support/events.ts'

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

/** Reserves and pays for one seat each, at one replica after the other. @returns the orders */
async function buy(count: number, replicas: readonly Replica[] = [replica]): Promise<string[]> {
  const concert = await office.database.addConcert(count)
  const ids: string[] = []
  for (const [index, seat] of concert.seatIds.entries()) {
    const visitor = await office.visitor(replicas[index % replicas.length]?.url ?? '')
    const { body } = await visitor.reserve(concert, [seat])
    const order = await visitor.order(body.id)
    expect(order.status).toBe(201)
    ids.push(order.body.id)
  }
  return ids
}

const backlog = () => replica.telemetry.value('outbox_backlog')

async function allSent(): Promise<void> {
  const unsent = () => office.database.asOwner('SELECT 1 FROM booking.outbox WHERE sent_at IS NULL')
  await expect.poll(unsent, { timeout: 20_000 }).toHaveLength(0)
}

describe('the outbox', () => {
  it('keeps what the broker cannot take, says how much and how old, and delivers it when the broker is back', async () => {
    await office.nats.kill()
    const ids = await buy(3)
    await expect.poll(backlog, { timeout: 10_000 }).toBe(3)
    await expect
      .poll(() => replica.telemetry.value('outbox_oldest_event_age_seconds'), { timeout: 10_000 })
      .toBeGreaterThan(0)
    await office.nats.start()
    await allSent()
    for (const id of ids) expect(await eventsOf(office.nats.url, id)).toHaveLength(1)
    await expect.poll(backlog, { timeout: 10_000 }).toBe(0)
  })

  it('makes its stream again when the broker has lost it', async () => {
    const connection = await connect({ servers: office.nats.url })
    await (await jetstreamManager(connection)).streams.delete(ORDERS_STREAM)
    await connection.close()
    const [id = ''] = await buy(1)
    await allSent()
    expect(await eventsOf(office.nats.url, id)).toHaveLength(1)
  })

  it('is carried by one relay at a time, however many there are: each event is sent once', async () => {
    await using other = await office.startReplica()
    const sent = async () =>
      (await replica.telemetry.value('outbox_published_total')) +
      (await other.telemetry.value('outbox_published_total'))
    const before = await sent()
    const ids = await buy(20, [replica, other])
    await allSent()
    await expect.poll(sent).toBe(before + ids.length)
    expect(await eventsOf(office.nats.url, ids[0] ?? '')).toHaveLength(1)
  })

  it('is published in the order of its writing, without a failure once the broker is back', async () => {
    const failures = () => replica.telemetry.value('outbox_publish_failures_total')
    const before = await failures()
    await office.nats.kill()
    const ids = await buy(5)
    await office.nats.start()
    await allSent()
    const stored = (await storedEvents(office.nats.url)).map(({ order }) => order.id)
    expect(stored.filter((id) => ids.includes(id))).toEqual(ids)
    expect(await failures()).toBe(before)
  })
})

describe('housekeeping', () => {
  it('forgets keys and sent events after a day, and nothing that is younger or unsent', async () => {
    await buy(1)
    await allSent()
    await office.database.asOwner(`
      UPDATE booking.outbox SET sent_at = sent_at - interval '25 hours';
      UPDATE booking.idempotency_keys SET created_at = created_at - interval '25 hours'`)
    await office.nats.kill()
    await buy(1)
    await office.database.asOwner("UPDATE booking.outbox SET created_at = created_at - interval '25 hours'")
    // Its first round comes with its start.
    await using _other = await office.startReplica()
    const rows = () =>
      office.database.asOwner(`
        SELECT (SELECT count(*)::int FROM booking.idempotency_keys) AS keys,
               (SELECT count(*)::int FROM booking.outbox) AS events`)
    // One reservation, one order; the event that nobody has taken.
    await expect.poll(rows, { timeout: 10_000 }).toEqual([{ keys: 2, events: 1 }])
    await office.nats.start()
    await allSent()
  })
})
