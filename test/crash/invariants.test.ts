import { describe, expect, it } from 'vitest'
import { type Books, parseLedger } from './books.ts'
import { violations } from './invariants.ts'

const line = (orderId: string, status: string) =>
  `${JSON.stringify({ orderId, reservationId: `r-${orderId}`, seatIds: [`s-${orderId}`], status, at: '' })}\n`

const order = (id: string, status = 'confirmed'): Books['orders'][number] => ({
  id,
  status,
  reservationId: `r-${id}`,
  seatIds: [`s-${id}`],
  activeSeatIds: status === 'declined' ? [] : [`s-${id}`],
})

/** One order that was paid and one that was declined, as it should be. */
const books: Books = {
  orders: [order('paid'), order('refused', 'declined')],
  charges: [
    { orderId: 'paid', status: 'succeeded' },
    { orderId: 'refused', status: 'declined' },
  ],
  providerCharges: [
    { reference: 'paid', status: 'succeeded' },
    { reference: 'refused', status: 'declined' },
  ],
  tickets: [{ orderId: 'paid', seatIds: ['s-paid'] }],
  // sold long before, by nobody's order
  takenSeats: [
    { id: 's-paid', status: 'sold' },
    { id: 's-old', status: 'sold' },
  ],
  unfinished: {},
}
const ledger = parseLedger(line('paid', 'pending') + line('paid', 'confirmed') + line('refused', 'declined'))

describe('violations', () => {
  it('finds nothing where every promise was kept', () => {
    expect(violations(ledger, books)).toEqual([])
  })

  const first = <T>(items: readonly T[]): T[] => items.slice(0, 1)
  it.each<[string, Partial<Books>, RegExp]>([
    [
      'an acknowledged order is missing',
      { orders: books.orders.slice(1), tickets: [], charges: [], providerCharges: [] },
      /paid was acknowledged and is missing/,
    ],
    [
      'an acknowledged order has another end',
      { orders: [order('paid', 'declined'), order('refused', 'declined')] },
      /acknowledged as confirmed and is declined/,
    ],
    ['a paid order has no ticket', { tickets: [] }, /paid is confirmed and has 0 tickets/],
    ['a paid order has two tickets', { tickets: [...books.tickets, ...books.tickets] }, /has 2 tickets/],
    ['a paid order was not charged', { charges: [] }, /paid is confirmed and has 0 charges/],
    [
      'the provider charged twice',
      { providerCharges: [...first(books.providerCharges), ...books.providerCharges] },
      /has 2 charges in the provider's books/,
    ],
    [
      'a declined order was charged',
      { providerCharges: [...books.providerCharges, { reference: 'refused', status: 'succeeded' }] },
      /refused is declined and has 1 charges in/,
    ],
    [
      'money was taken for no order',
      { providerCharges: [...books.providerCharges, { reference: 'ghost', status: 'succeeded' }] },
      /for ghost, which is no order/,
    ],
    [
      'an unpaid order holds a seat',
      { orders: [order('paid'), { ...order('refused', 'declined'), activeSeatIds: ['s-refused'] }] },
      /refused is declined and holds 1 seats/,
    ],
    [
      'a seat stays on hold',
      { takenSeats: [...books.takenSeats, { id: 's-x', status: 'held' }] },
      /s-x is held by nobody/,
    ],
    ['a sold seat is for sale again', { takenSeats: [] }, /s-paid is sold, and available/],
    [
      'a seat is sold twice',
      { orders: [...books.orders, { ...order('other'), seatIds: ['s-paid'], activeSeatIds: ['s-paid'] }] },
      /s-paid is sold to paid and other/,
    ],
    [
      'a ticket is for other seats',
      { tickets: [{ orderId: 'paid', seatIds: ['s-else'] }] },
      /ticket of order paid is for other seats/,
    ],
  ])('notices that %s', (_, change, expected) => {
    expect(violations(ledger, { ...books, ...change })).toContainEqual(expect.stringMatching(expected))
  })
})

describe('parseLedger', () => {
  it('takes the last that was said of each order, and no line that is still being written', () => {
    expect([...ledger.values()].map(({ orderId, status }) => [orderId, status])).toEqual([
      ['paid', 'confirmed'],
      ['refused', 'declined'],
    ])
    expect(parseLedger(`warning from k6\n${line('a', 'pending')}{"orderId":"b"`).size).toBe(1)
  })

  it('refuses a line that is no order', () => {
    expect(() => parseLedger('{"orderId":1}\n')).toThrow('line 1 of the ledger')
  })
})
