import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { OrderConfirmed, Ticket } from '@faultline/contracts'
import type { Deadline, Logger, MetricsRegistry } from '@faultline/service-kit'
import type { Telemetry } from '@faultline/telemetry'
import PDFDocument from 'pdfkit'
import { Histogram } from 'prom-client'
import { create } from 'qrcode'
import type { TicketRepository } from '../repositories/tickets.ts'

/** There is no ticket of this order for this visitor, or not yet. */
export class TicketNotReadyError extends Error {
  override readonly name = 'TicketNotReadyError'
  readonly orderId: string

  constructor(orderId: string) {
    super(`there is no ticket of the order ${orderId} yet`)
    this.orderId = orderId
  }
}

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

/** Points; a sixth of an A4 page's width. */
const MARGIN = 48
const QR_POINTS = 240

/**
 * The ticket to print: a page with a QR code for each seat. Drawing the codes and compressing the pages is what this
 * service spends its processor time on: some 5 ms a seat.
 *
 * @returns a PDF
 */
export async function renderTicket(ticketId: string, { order }: OrderConfirmed): Promise<Buffer> {
  const pdf = new PDFDocument({
    size: 'A4',
    margin: MARGIN,
    autoFirstPage: false,
    info: { Title: `Ticket ${ticketId}`, Producer: 'Faultline box office' },
  })
  const chunks: Buffer[] = []
  pdf.on('data', (chunk: Buffer) => chunks.push(chunk))
  const finished = new Promise<void>((resolve, reject) => {
    pdf.on('end', resolve)
    pdf.on('error', reject)
  })
  for (const [index, seatId] of order.seatIds.entries()) {
    pdf.addPage()
    pdf.fontSize(28).text('Admit one')
    pdf.fontSize(12).moveDown()
    pdf.text(`Seat ${index + 1} of ${order.seatIds.length}: ${seatId}`)
    pdf.text(`Concert: ${order.concertId}`)
    pdf.text(`Order: ${order.id}, confirmed ${order.confirmedAt}`)
    pdf.text(`Total of the order: ${formatMoney(order.total)}`)
    drawCode(pdf, admissionCode(ticketId, seatId))
    // A large order must not hold up everything else that this process does.
    await nextTurn()
  }
  pdf.end()
  await finished
  return Buffer.concat(chunks)
}

/** As rectangles, a run of dark modules each: sharp at any size, and cheaper than a picture that is unpacked again. */
function drawCode(pdf: PDFKit.PDFDocument, text: string): void {
  const { modules } = create(text, { errorCorrectionLevel: 'Q' })
  const side = QR_POINTS / modules.size
  const top = pdf.y + MARGIN / 2
  for (let row = 0; row < modules.size; row += 1) {
    for (let column = 0; column < modules.size; column += 1) {
      const first = column
      while (column < modules.size && modules.get(row, column)) column += 1
      if (column > first) pdf.rect(MARGIN + first * side, top + row * side, (column - first) * side, side)
    }
  }
  pdf.fill('black')
}

/** What the scanner at the door reads. */
export function admissionCode(ticketId: string, seatId: string): string {
  return `urn:faultline:admission:${ticketId}:${seatId}`
}

function formatMoney({ amount, currency }: OrderConfirmed['order']['total']): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency })
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2
  return format.format(amount / 10 ** digits)
}
