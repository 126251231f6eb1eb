import type { Deadline, Queryable } from '@faultline/service-kit'

export interface StoredTicket {
  id: string
  orderId: string
  seatIds: string[]
  issuedAt: Date
}

export interface NewTicket {
  id: string
  orderId: string
  eventId: string
  userId: string
  concertId: string
  seatIds: readonly string[]
  document: Buffer
}

export type TicketRepository = ReturnType<typeof createTicketRepository>

export function createTicketRepository(database: Queryable) {
  return {
    /** Whether the order, or the event, has its ticket. */
    async exists(of: { orderId: string; eventId: string }, deadline: Deadline): Promise<boolean> {
      const rows = await database.query(
        {
          name: 'ticket-exists',
          text: 'SELECT 1 FROM tickets WHERE order_id = $1 OR event_id = $2 LIMIT 1',
          values: [of.orderId, of.eventId],
        },
        deadline,
      )
      return rows.length > 0
    },

    /** Stores a ticket unless there is one. @returns when it was stored, or undefined */
    async insert(ticket: NewTicket, deadline: Deadline): Promise<Date | undefined> {
      const [row] = await database.query<{ issuedAt: Date }>(
        {
          name: 'insert-ticket',
          text: `INSERT INTO tickets (id, order_id, event_id, user_id, concert_id, seat_ids, document)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT DO NOTHING
                 RETURNING issued_at AS "issuedAt"`,
          values: [
            ticket.id,
            ticket.orderId,
            ticket.eventId,
            ticket.userId,
            ticket.concertId,
            ticket.seatIds,
            ticket.document,
          ],
        },
        deadline,
      )
      return row?.issuedAt
    },

    async find(orderId: string, userId: string, deadline: Deadline): Promise<StoredTicket | undefined> {
      const [row] = await database.query<StoredTicket>(
        {
          name: 'find-ticket',
          text: `SELECT id, order_id AS "orderId", seat_ids AS "seatIds", issued_at AS "issuedAt"
                 FROM tickets WHERE order_id = $1 AND user_id = $2`,
          values: [orderId, userId],
        },
        deadline,
      )
      return row
    },

    async findDocument(orderId: string, userId: string, deadline: Deadline): Promise<Buffer | undefined> {
      const [row] = await database.query<{ document: Buffer }>(
        {
          name: 'find-ticket-document',
          text: 'SELECT document FROM tickets WHERE order_id = $1 AND user_id = $2',
          values: [orderId, userId],
        },
        deadline,
      )
      return row?.document
    },
  }
}
