import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'

export interface StoredCharge {
  id: string
  reference: string
  amount: number
  currency: string
  paymentToken: string
  status: 'succeeded' | 'declined'
  declineReason: string | null
  createdAt: string
}

/** The provider's own book. What it has returned from is in the file: SIGKILL takes nothing of it. */
export interface ChargeRepository {
  find(reference: string): StoredCharge | undefined
  /** Enters a charge unless there is one with this reference. @returns whether it did */
  insert(charge: StoredCharge): boolean
  /** Remembers that a request with this reference was refused. @returns whether it was the first */
  refuse(reference: string): boolean
  close(): void
}

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

const rowSchema = z
  .object({
    id: z.string(),
    reference: z.string(),
    amount: z.number(),
    currency: z.string(),
    payment_token: z.string(),
    status: z.enum(['succeeded', 'declined']),
    decline_reason: z.string().nullable(),
    created_at: z.string(),
  })
  .transform(
    ({
      payment_token: paymentToken,
      decline_reason: declineReason,
      created_at: createdAt,
      ...row
    }): StoredCharge => ({ ...row, paymentToken, declineReason, createdAt }),
  )

/** @param file path of the database; it and its folder are made if need be */
export function openCharges(file: string): ChargeRepository {
  mkdirSync(dirname(file), { recursive: true })
  const database = new DatabaseSync(file)
  database.exec(SCHEMA)
  const select = database.prepare('SELECT * FROM charges WHERE reference = ?')
  const insert = database.prepare(
    `INSERT INTO charges (id, reference, amount, currency, payment_token, status, decline_reason, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  )
  const refuse = database.prepare('INSERT INTO refusals VALUES (?) ON CONFLICT DO NOTHING')
  return {
    find(reference) {
      const row = select.get(reference)
      return row === undefined ? undefined : rowSchema.parse(row)
    },
    insert({ id, reference, amount, currency, paymentToken, status, declineReason, createdAt }) {
      const values = [id, reference, amount, currency, paymentToken, status, declineReason, createdAt]
      return Number(insert.run(...values).changes) === 1
    },
    refuse: (reference) => Number(refuse.run(reference).changes) === 1,
    close: () => database.close(),
  }
}
