import { readFile } from 'node:fs/promises'
import { z } from 'zod'

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
