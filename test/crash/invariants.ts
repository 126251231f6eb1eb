import type { Books, Ledger } from './books.ts'

/**
 * What is wrong in the books of a box office that is quiet, as sentences; none when every promise was kept:
 * nothing acknowledged is missing, a paid order has one charge and one ticket, an unpaid one has neither and no seat,
 * and no seat is sold twice.
 */
export function violations(ledger: Ledger, books: Books): string[] {
  return [...brokenPromises(ledger, books), ...brokenOrders(books), ...brokenSeats(books)]
}

function brokenPromises(ledger: Ledger, { orders }: Books): string[] {
  const byId = new Map(orders.map((order) => [order.id, order]))
  return [...ledger.values()].flatMap(({ orderId, reservationId, seatIds, status }) => {
    const order = byId.get(orderId)
    if (order === undefined) return [`order ${orderId} was acknowledged and is missing`]
    const wrong: string[] = []
    if (status !== 'pending' && order.status !== status)
      wrong.push(`order ${orderId} was acknowledged as ${status} and is ${order.status}`)
    if (order.reservationId !== reservationId || !sameSeats(order.seatIds, seatIds))
      wrong.push(`order ${orderId} has other seats than were acknowledged`)
    return wrong
  })
}

function brokenOrders({ orders, charges, providerCharges, tickets }: Books): string[] {
  const paidHere = Map.groupBy(charges.filter(succeeded), ({ orderId }) => orderId)
  const paidThere = Map.groupBy(providerCharges.filter(succeeded), ({ reference }) => reference)
  const ticketsOf = Map.groupBy(tickets, ({ orderId }) => orderId)
  const known = new Set(orders.map(({ id }) => id))
  const strangers = (what: string, ids: Iterable<string>) =>
    [...ids].filter((id) => !known.has(id)).map((id) => `there is ${what} for ${id}, which is no order`)
  return [
    ...strangers('a charge', paidHere.keys()),
    ...strangers("a charge in the provider's books", paidThere.keys()),
    ...strangers('a ticket', ticketsOf.keys()),
    ...orders.flatMap(({ id, status, activeSeatIds, seatIds }) => {
      const wanted = status === 'confirmed' ? 1 : 0
      const wrong: string[] = []
      const count = (what: string, found: number) => {
        if (found !== wanted) wrong.push(`order ${id} is ${status} and has ${found} ${what}`)
      }
      count('charges', paidHere.get(id)?.length ?? 0)
      count("charges in the provider's books", paidThere.get(id)?.length ?? 0)
      count('tickets', ticketsOf.get(id)?.length ?? 0)
      if (wanted === 0 && activeSeatIds.length > 0)
        wrong.push(`order ${id} is ${status} and holds ${activeSeatIds.length} seats`)
      if (wanted === 1 && !sameSeats(activeSeatIds, seatIds))
        wrong.push(`order ${id} is confirmed and has lost seats`)
      const [ticket] = ticketsOf.get(id) ?? []
      if (ticket !== undefined && !sameSeats(ticket.seatIds, seatIds))
        wrong.push(`the ticket of order ${id} is for other seats`)
      return wrong
    }),
  ]
}

function brokenSeats({ orders, tickets, takenSeats }: Books): string[] {
  const soldTo = Map.groupBy(
    orders
      .filter(({ status }) => status === 'confirmed')
      .flatMap(({ id, seatIds }) => seatIds.map((seat) => ({ id, seat }))),
    ({ seat }) => seat,
  )
  const ticketsFor = Map.groupBy(
    tickets.flatMap(({ seatIds }) => seatIds),
    (seat) => seat,
  )
  const taken = new Map(takenSeats.map(({ id, status }) => [id, status]))
  return [
    ...[...soldTo]
      .filter(([, all]) => all.length > 1)
      .map(([seat, all]) => `seat ${seat} is sold to ${all.map(({ id }) => id).join(' and ')}`),
    ...[...ticketsFor]
      .filter(([, all]) => all.length > 1)
      .map(([seat, all]) => `seat ${seat} is on ${all.length} tickets`),
    ...[...soldTo.keys()]
      .filter((seat) => taken.get(seat) !== 'sold')
      .map((seat) => `seat ${seat} is sold, and ${taken.get(seat) ?? 'available'} in the inventory`),
    ...[...taken]
      .filter(([seat, status]) => status === 'held' && !soldTo.has(seat))
      .map(([seat]) => `seat ${seat} is held by nobody who paid`),
  ]
}

const succeeded = ({ status }: { status: string }): boolean => status === 'succeeded'

function sameSeats(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((seat) => b.includes(seat))
}
