import { readFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { z } from 'zod'

/** Everything that the box office and its payment provider have written down about orders. */
export interface Books {
  readonly orders: readonly {
    readonly id: string
    readonly status: string
    readonly reservationId: string
    /** Seats that the reservation names, whether they still are its own or not. */
    readonly seatIds: readonly string[]
    /** Those that are. */
    readonly activeSeatIds: readonly string[]
  }[]
  readonly charges: readonly { readonly orderId: string; readonly status: string }[]
  readonly tickets: readonly { readonly orderId: string; readonly seatIds: readonly string[] }[]
  /** The provider's own: `reference` is the id of the order. */
  readonly providerCharges: readonly { readonly reference: string; readonly status: string }[]
  /** Seats that were ever reserved and are not for sale, by the inventory. */
  readonly takenSeats: readonly { readonly id: string; readonly status: string }[]
  /** What is still to be done: orders in doubt, charges in doubt, unpublished events, seats on hold. */
  readonly unfinished: Readonly<Record<string, number>>
}

const ORDERS = `
  SELECT o.id, o.status, o.reservation_id AS "reservationId",
         array_agg(s.seat_id::text) AS "seatIds",
         coalesce(array_agg(s.seat_id::text) FILTER (WHERE s.active), '{}') AS "activeSeatIds"
  FROM booking.orders o JOIN booking.reserved_seats s USING (reservation_id)
  GROUP BY o.id`
const CHARGES = 'SELECT order_id AS "orderId", status FROM payments.charges'
const TICKETS = 'SELECT order_id AS "orderId", seat_ids::text[] AS "seatIds" FROM ticketing.tickets'
// The season's seed has seats that were held and sold before there was a booking: only what booking touched counts.
const TAKEN = `
  SELECT id::text, status FROM catalog.seats s
  WHERE status <> 'available' AND EXISTS (SELECT FROM booking.reserved_seats r WHERE r.seat_id = s.id)`
const UNFINISHED = `
  SELECT (SELECT count(*)::int FROM booking.orders WHERE status = 'pending') AS "orders in doubt",
         (SELECT count(*)::int FROM payments.charges WHERE status = 'pending') AS "charges in doubt",
         (SELECT count(*)::int FROM booking.outbox WHERE sent_at IS NULL) AS "events to publish",
         (SELECT count(*)::int FROM booking.reservations WHERE status = 'held') AS "reservations on hold",
         (SELECT count(*)::int FROM booking.orders o WHERE status = 'confirmed'
            AND NOT EXISTS (SELECT FROM ticketing.tickets t WHERE t.order_id = o.id)) AS "tickets to render"`

const providerRows = z.array(z.object({ reference: z.string(), status: z.string() }))

/** @param postgres URL of the owner; @param providerFile the payment provider's SQLite file */
export async function readBooks(postgres: string, providerFile: string): Promise<Books> {
  const client = new Client({ connectionString: postgres })
  await client.connect()
  try {
    // one snapshot, so that what the parts say fits together
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const orders = await client.query<Books['orders'][number]>(ORDERS)
    const charges = await client.query<Books['charges'][number]>(CHARGES)
    const tickets = await client.query<Books['tickets'][number]>(TICKETS)
    const taken = await client.query<Books['takenSeats'][number]>(TAKEN)
    const unfinished = await client.query<Record<string, number>>(UNFINISHED)
    await client.query('COMMIT')
    return {
      orders: orders.rows,
      charges: charges.rows,
      tickets: tickets.rows,
      takenSeats: taken.rows,
      unfinished: unfinished.rows[0] ?? {},
      providerCharges: readProvider(providerFile),
    }
  } finally {
    await client.end()
  }
}

function readProvider(file: string): Books['providerCharges'] {
  using database = new DatabaseSync(file, { readOnly: true })
  return providerRows.parse(database.prepare('SELECT reference, status FROM charges').all())
}

/** What is left to do, for people; empty when the box office is quiet. */
export function unfinishedWork({ unfinished }: Books): string {
  return Object.entries(unfinished)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ')
}

/** What the box office told a buyer about an order; see `loadtests/README.md`. */
const lineSchema = z.object({
  orderId: z.string(),
  reservationId: z.string(),
  seatIds: z.array(z.string()),
  status: z.enum(['pending', 'confirmed', 'declined']),
  at: z.string(),
})
export type LedgerEntry = z.infer<typeof lineSchema>

/** Acknowledged orders by id, each with the last that was said of it. */
export type Ledger = ReadonlyMap<string, LedgerEntry>

/**
 * Reads a ledger of k6, which may still be written to: a last line without its end is not there yet.
 * @throws Error naming a line that cannot be read
 */
export function parseLedger(text: string): Ledger {
  const lines = text.split('\n').slice(0, -1)
  const ledger = new Map<string, LedgerEntry>()
  for (const [at, line] of lines.entries()) {
    // what k6 itself says on its console stands among the orders
    if (!line.startsWith('{"orderId"')) continue
    try {
      const entry = lineSchema.parse(JSON.parse(line))
      ledger.set(entry.orderId, entry)
    } catch (cause) {
      throw new Error(`line ${at + 1} of the ledger cannot be read: ${line}`, { cause })
    }
  }
  return ledger
}

export async function readLedger(file: string): Promise<Ledger> {
  try {
    return parseLedger(await readFile(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    throw error
  }
}
