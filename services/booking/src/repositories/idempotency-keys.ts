import { createHash } from 'node:crypto'
import type { Deadline, Queryable } from '@faultline/service-kit'

/** A key as one user has sent it. */
export interface IdempotencyKey {
  userId: string
  key: string
}

/** A key, the SHA-256 of the request that it was used for, and what that was answered. */
export interface StoredAnswer {
  fingerprint: Buffer
  answer: unknown
}

/**
 * Takes the key for the rest of the transaction, without waiting.
 *
 * @returns false while another transaction has it
 */
export async function tryLock(on: Queryable, key: IdempotencyKey, deadline: Deadline): Promise<boolean> {
  const text = 'SELECT pg_try_advisory_xact_lock($1) AS locked'
  const [row] = await on.query<{ locked: boolean }>(
    { name: 'lock-idempotency-key', text, values: [lockNumber(key)] },
    deadline,
  )
  return row?.locked ?? false
}

export async function find(
  on: Queryable,
  { userId, key }: IdempotencyKey,
  deadline: Deadline,
): Promise<StoredAnswer | undefined> {
  const text = 'SELECT fingerprint, answer FROM idempotency_keys WHERE user_id = $1 AND key = $2'
  const statement = { name: 'find-idempotency-key', text, values: [userId, key] }
  return (await on.query<StoredAnswer>(statement, deadline))[0]
}

export async function insert(
  on: Queryable,
  { userId, key, fingerprint, answer }: IdempotencyKey & StoredAnswer,
  deadline: Deadline,
): Promise<void> {
  const text = 'INSERT INTO idempotency_keys (user_id, key, fingerprint, answer) VALUES ($1, $2, $3, $4)'
  const values = [userId, key, fingerprint, answer]
  await on.query({ name: 'insert-idempotency-key', text, values }, deadline)
}

const DELETE_OLD = `
  DELETE FROM idempotency_keys WHERE (user_id, key) IN (
    SELECT user_id, key FROM idempotency_keys WHERE created_at < now() - make_interval(secs => $1)
    ORDER BY created_at LIMIT $2
  ) RETURNING key`

/** Forgets keys older than that, some at a time. @returns how many */
export async function deleteOld(
  on: Queryable,
  olderThanSeconds: number,
  limit: number,
  deadline: Deadline,
): Promise<number> {
  const values = [olderThanSeconds, limit]
  return (await on.query({ name: 'delete-old-idempotency-keys', text: DELETE_OLD, values }, deadline)).length
}

/** Advisory locks have 64-bit numbers: two keys that share one only wait for each other. */
function lockNumber({ userId, key }: IdempotencyKey): string {
  return createHash('sha256').update(`${userId}/${key}`).digest().readBigInt64BE().toString()
}
