import { randomUUID } from 'node:crypto'
import type { OrderConfirmed, Ticket } from '@faultline/contracts'
import type { Deadline, Logger, MetricsRegistry } from '@faultline/service-kit'
import type { Telemetry } from '@faultline/telemetry'
import { Histogram } from 'prom-client'
import type { TicketRepository } from '../repositories/tickets.ts'
import { TicketNotReadyError } from './errors.ts'
import { renderTicket } from './ticket-document.ts'

export interface Tickets {
  /** Makes the ticket of a paid order, once, however often it is asked. */
  issue(event: OrderConfirmed, deadline: Deadline): Promise<void>
  /** @throws TicketNotReadyError also for an order of somebody else */
  get(orderId: string, userId: string, deadline: Deadline): Promise<Ticket>
  /** @throws TicketNotReadyError also for an order of somebody else */
  getDocument(orderId: string, userId: string, deadline: Deadline): Promise<Buffer>
}

export interface TicketsOptions {
  repository: TicketRepository
  telemetry: Pick<Telemetry, 'exemplar'> & { logger: Logger; register: MetricsRegistry }
}

/** Seconds; the objective is a ticket within 5. */
const BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300]

export function createTickets({ repository, telemetry }: TicketsOptions): Tickets {
  const delay = new Histogram({
    name: 'box_office_payment_to_ticket_seconds',
    help: 'From the confirmation of a paid order until its ticket can be had',
    buckets: BUCKETS,
    enableExemplars: true,
    registers: [telemetry.register],
  })

  return {
    async issue(event, deadline) {
      const { id: eventId, order } = event
      // Saves the rendering; what makes the ticket the only one is the insertion below.
      if (await repository.exists({ orderId: order.id, eventId }, deadline)) return
      const id = randomUUID()
      const document = await renderTicket(id, event)
      const { id: orderId, userId, concertId, seatIds } = order
      const ticket = { id, orderId, eventId, userId, concertId, seatIds, document }
      const issuedAt = await repository.insert(ticket, deadline)
      if (!issuedAt) return
      // Clocks of two machines may be apart: never less than nothing.
      const seconds = Math.max(0, (issuedAt.getTime() - Date.parse(order.confirmedAt)) / 1_000)
      const exemplarLabels = telemetry.exemplar()
      delay.observe({ value: seconds, labels: {}, ...(exemplarLabels && { exemplarLabels }) })
      telemetry.logger.info({ orderId, ticketId: id, bytes: document.length, seconds }, 'ticket issued')
    },

    async get(orderId, userId, deadline) {
      const ticket = await repository.find(orderId, userId, deadline)
      if (!ticket) throw new TicketNotReadyError(orderId)
      return { ...ticket, issuedAt: ticket.issuedAt.toISOString() }
    },

    async getDocument(orderId, userId, deadline) {
      const document = await repository.findDocument(orderId, userId, deadline)
      if (!document) throw new TicketNotReadyError(orderId)
      return document
    },
  }
}
