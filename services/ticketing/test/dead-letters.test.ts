import {
  DEAD_LETTERS_STREAM,
  deadLetterHeaders,
  deadLetterSubject,
  replaySubject,
  TICKET_RENDERER,
} from '@faultline/contracts'
import { jetstream, jetstreamManager, type StoredMsg } from '@nats-io/jetstream'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeEvent, publish } from './support/orders.ts'
import { type Surroundings, startSurroundings, WITHIN } from './support/surroundings.ts'

let office: Surroundings

beforeAll(async () => {
  office = await startSurroundings()
})
afterAll(() => office?.[Symbol.asyncDispose]())

async function lastDeadLetter(): Promise<StoredMsg> {
  const { streams } = await jetstreamManager(await office.booking.connection())
  const message = await streams.getMessage(DEAD_LETTERS_STREAM, {
    last_by_subj: deadLetterSubject(TICKET_RENDERER),
  })
  if (!message) throw new Error('there is no dead letter')
  return message
}

describe('a message that cannot be handled', () => {
  it.each([
    ['is not JSON', '{', 'not JSON'],
    ['is no event', JSON.stringify({ id: 7 }), 'not valid at /id'],
  ])('becomes a dead letter with the reason when it %s, and holds up nothing', async (_case, body, error) => {
    await using service = await office.start()
    await publish(office.booking, body)
    const event = makeEvent()
    await publish(office.booking, event)
    await vi.waitFor(async () => expect(await office.ticketsOf(event.order.id)).toBe(1), WITHIN)
    await office.settled()
    const { header, data } = await lastDeadLetter()
    expect(header.get(deadLetterHeaders.reason)).toBe('invalid-message')
    expect(header.get(deadLetterHeaders.error)).toContain(error)
    expect(new TextDecoder().decode(data)).toBe(body)
    const labels = { messaging_consumer_group_name: TICKET_RENDERER, reason: 'invalid-message' }
    expect(await service.telemetry.value('messaging_dead_letters_total', labels)).toBe(1)
  })

  it('is tried as often as its policy says, put aside, and worked on when it is replayed after the cure', async () => {
    await using service = await office.start()
    const event = makeEvent()
    await office.database.asOwner('ALTER TABLE ticketing.tickets RENAME TO gone')
    try {
      await publish(office.booking, event)
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
      await office.database.asOwner('ALTER TABLE ticketing.gone RENAME TO tickets')
    }
    const letter = await lastDeadLetter()
    expect(letter.header.get(deadLetterHeaders.deliveries)).toBe('3')
    expect(await office.ticketsOf(event.order.id)).toBe(0)
    await jetstream(await office.booking.connection()).publish(replaySubject(TICKET_RENDERER), letter.data)
    await vi.waitFor(async () => expect(await office.ticketsOf(event.order.id)).toBe(1), WITHIN)
  })

  it('shows how far the consumers are behind', async () => {
    await using service = await office.start()
    const group = { messaging_consumer_group_name: TICKET_RENDERER }
    const value = (name: string) => service.telemetry.value(name, group)
    await office.database.asOwner('ALTER TABLE ticketing.tickets RENAME TO gone')
    try {
      await publish(office.booking, makeEvent())
      await vi.waitFor(async () => {
        expect(await value('messaging_dead_letter_queue_messages')).toBeGreaterThan(0)
      }, WITHIN)
    } finally {
      await office.database.asOwner('ALTER TABLE ticketing.gone RENAME TO tickets')
    }
    await vi.waitFor(async () => {
      const names = ['pending_messages', 'ack_pending_messages', 'lag_seconds']
      const values = await Promise.all(names.map((name) => value(`messaging_consumer_${name}`)))
      expect(values).toEqual([0, 0, 0])
    }, WITHIN)
  })
})
