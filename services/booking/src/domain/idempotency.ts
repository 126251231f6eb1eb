import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database, Deadline, Queryable } from '@faultline/service-kit'
import { z } from 'zod'
import type { IdempotencyKey, IdempotencyKeyRepository } from '../repositories/idempotency-keys.ts'
import { IdempotencyKeyReusedError, REJECTIONS, RejectionError, RequestInProgressError } from './errors.ts'
import type { BookingMetrics } from './metrics.ts'

/** A request that its sender may repeat. */
export interface IdempotentRequest extends IdempotencyKey {
  /** Tells a repeat from another request that uses the same key. */
  fingerprint: Buffer
}

/** @param body as validated, so that the order of its keys and white space do not matter */
export function idempotentRequest(
  userId: string,
  key: string,
  route: string,
  body: unknown,
): IdempotentRequest {
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([route, body]))
    .digest()
  return { userId, key, fingerprint }
}

export interface Answered<T> {
  readonly value: T
  /** Whether this is what was answered to an earlier request. */
  readonly replayed: boolean
}

export interface Idempotency {
  /**
   * Does the work once a key and gives every repeat the first answer, also when that was a rejection. Answer and
   * effect are one transaction: a crash leaves both or none.
   *
   * @throws IdempotencyKeyReusedError when the key came with another request
   * @throws RequestInProgressError when the first request takes longer than a repeat waits
   * @throws RejectionError the work's, now or the first time
   */
  once<T>(
    request: IdempotentRequest,
    answer: z.ZodType<T>,
    work: (transaction: Queryable) => Promise<T>,
    deadline: Deadline,
  ): Promise<Answered<T>>
}

export interface IdempotencyOptions {
  database: Pick<Database, 'transaction'>
  keys: IdempotencyKeyRepository
  metrics: Pick<BookingMetrics, 'idempotency'>
  /** How long a repeat waits for the first request, in milliseconds. */
  waitMs?: number
  /** Pause between two looks, in milliseconds. */
  pollMs?: number
}

export const idempotencyDefaults = { waitMs: 1_000, pollMs: 50 } satisfies Partial<IdempotencyOptions>

const rejectedSchema = z.object({ rejection: z.enum(REJECTIONS), detail: z.string() })
const storedSchema = z.union([z.object({ value: z.unknown() }), z.object({ rejected: rejectedSchema })])
type Stored = z.infer<typeof storedSchema>

export function createIdempotency(options: IdempotencyOptions): Idempotency {
  const { database, keys, metrics, waitMs, pollMs } = { ...idempotencyDefaults, ...options }

  /** @returns undefined while another request has the key */
  async function attempt(
    on: Queryable,
    request: IdempotentRequest,
    work: (transaction: Queryable) => Promise<unknown>,
    deadline: Deadline,
  ): Promise<{ stored: Stored; replayed: boolean } | undefined> {
    if (!(await keys.tryLock(on, request, deadline))) return undefined
    const earlier = await keys.find(on, request, deadline)
    if (earlier) {
      if (!earlier.fingerprint.equals(request.fingerprint)) {
        metrics.idempotency.inc({ outcome: 'reused' })
        throw new IdempotencyKeyReusedError()
      }
      return { stored: storedSchema.parse(earlier.answer), replayed: true }
    }
    const answer = await workOrRejection(on, work, deadline)
    await keys.insert(on, request, { fingerprint: request.fingerprint, answer }, deadline)
    return { stored: answer, replayed: false }
  }

  return {
    async once(request, answer, work, deadline) {
      const giveUpAt = performance.now() + waitMs
      for (;;) {
        const done = await database.transaction((on) => attempt(on, request, work, deadline), deadline)
        if (done) {
          metrics.idempotency.inc({ outcome: done.replayed ? 'replayed' : 'first' })
          if ('rejected' in done.stored) {
            throw new RejectionError(done.stored.rejected.rejection, done.stored.rejected.detail)
          }
          return { value: answer.parse(done.stored.value), replayed: done.replayed }
        }
        // Without a connection in hand: many repeats must not keep the first from being answered.
        if (performance.now() + pollMs > giveUpAt || deadline.remainingMs() < pollMs) {
          metrics.idempotency.inc({ outcome: 'in_progress' })
          throw new RequestInProgressError()
        }
        await sleep(pollMs)
      }
    },
  }
}

/** A rejection undoes what the work did so far, and is an answer to keep. */
async function workOrRejection(
  on: Queryable,
  work: (transaction: Queryable) => Promise<unknown>,
  deadline: Deadline,
): Promise<Stored> {
  await on.query({ text: 'SAVEPOINT work', values: [] }, deadline)
  try {
    return { value: await work(on) }
  } catch (error) {
    if (!(error instanceof RejectionError)) throw error
    await on.query({ text: 'ROLLBACK TO SAVEPOINT work', values: [] }, deadline)
    return { rejected: { rejection: error.rejection, detail: error.message } }
  }
}
