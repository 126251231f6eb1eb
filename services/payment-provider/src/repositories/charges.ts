import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS charges (
    reference TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    payment_token TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('succeeded', 'declined')),
    decline_reason TEXT,
    created_at TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS refusals (reference TEXT PRIMARY KEY) STRICT;
`

const chargeSchema = z.object({
  id: z.string(),
  reference: z.string(),
  amount: z.number(),
  currency: z.string(),
  paymentToken: z.string(),
  status: z.enum(['succeeded', 'declined']),
  declineReason: z.string().nullable(),
  createdAt: z.string(),
})
export type StoredCharge = z.infer<typeof chargeSchema>

export type ChargeRepository = ReturnType<typeof openCharges>

/**
 * The provider's own book. What it has returned from is in the file: SIGKILL takes nothing of it.
 *
 * @param file path of the database; it and its folder are made if need be
 */
export function openCharges(file: string) {
  mkdirSync(dirname(file), { recursive: true })
  const database = new DatabaseSync(file)
  database.exec(SCHEMA)
  const select = database.prepare(
    `SELECT id, reference, amount, currency, payment_token AS paymentToken, status, decline_reason AS declineReason,
            created_at AS createdAt
     FROM charges WHERE reference = ?`,
  )
  const insert = database.prepare(
    `INSERT INTO charges (id, reference, amount, currency, payment_token, status, decline_reason, created_at)
     VALUES (:id, :reference, :amount, :currency, :paymentToken, :status, :declineReason, :createdAt)
     ON CONFLICT DO NOTHING`,
  )
  const refuse = database.prepare('INSERT INTO refusals VALUES (?) ON CONFLICT DO NOTHING')
  return {
    find: (reference: string): StoredCharge | undefined =>
      chargeSchema.optional().parse(select.get(reference)),
    /** Enters a charge unless there is one with this reference. @returns whether it did */
    insert: (charge: StoredCharge): boolean => Number(insert.run(charge).changes) === 1,
    /** Remembers that a request with this reference was refused. @returns whether it was the first */
    refuse: (reference: string): boolean => Number(refuse.run(reference).changes) === 1,
    close: () => database.close(),
  }
}
