import type { Order } from '@faultline/contracts'
import { ledgerPath } from './settings.ts'

/** One line of the ledger: what the box office had told a buyer by then. */
export interface LedgerLine {
  readonly orderId: string
  readonly reservationId: string
  readonly seatIds: readonly string[]
  /** An order that was pending has a second line when its outcome is known. */
  readonly status: Order['status']
  /** When the answer had come, ISO 8601. */
  readonly at: string
}

/**
 * Writes down an order that the box office acknowledged, as a line of JSON on k6's console. k6 has no way to append to
 * a file, but it can send its console to one (`K6_CONSOLE_OUTPUT`, with `K6_LOG_FORMAT=raw`), and writes each line
 * before the script goes on: what was acknowledged is in the file even when k6 itself is killed.
 */
export function writeDown({ id: orderId, reservationId, seatIds, status }: Order): void {
  if (!ledgerPath) return
  const line: LedgerLine = { orderId, reservationId, seatIds, status, at: new Date().toISOString() }
  console.log(JSON.stringify(line))
}
