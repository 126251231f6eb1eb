import { setImmediate as nextTurn } from 'node:timers/promises'
import type { OrderConfirmed } from '@faultline/contracts'
import PDFDocument from 'pdfkit'
import { create } from 'qrcode'

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
