import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database, Deadline, Queryable } from '@faultline/service-kit'
import { z } from 'zod'
import * as keys from '../repositories/idempotency-keys.ts'
import type { BookingMetrics } from './metrics.ts'
import { REJECTIONS, RejectionError } from './rejections.ts'

/** The key was used before, for another request. */
export class IdempotencyKeyReusedError extends Error {
  override readonly name = 'IdempotencyKeyReusedError'

  constructor() {
    super('the idempotency key was used before, for another request')
  }
}

/** The first request with this key is not answered yet. */
export class RequestInProgressError extends Error {
  override readonly name = 'RequestInProgressError'

  constructor() {
    super('a request with this idempotency key is still under way')
  }
}

/** A request that its sender may repeat. */
export interface IdempotentRequest extends keys.IdempotencyKey {
  route: string
  /** As validated, so that the order of its keys and white space do not matter. */
  body: unknown
}

/** How long a repeat waits for the first request, in milliseconds. */
const WAIT_MS = 1_000
/** Pause between two looks, in milliseconds. */
const POLL_MS = 50

const rejectedSchema = z.object({ rejection: z.enum(REJECTIONS), detail: z.string() })
const storedSchema = z.union([z.object({ value: z.unknown() }), z.object({ rejected: rejectedSchema })])

type Work = (transaction: Queryable) => Promise<unknown>

export type Idempotency = ReturnType<typeof createIdempotency>

export function createIdempotency(database: Database, { idempotency: requests }: BookingMetrics) {
  /** @returns undefined while another request has the key */
  async function attempt(on: Queryable, request: IdempotentRequest, work: Work, deadline: Deadline) {
    if (!(await keys.tryLock(on, request, deadline))) return undefined
    // Two different requests with the same key differ in this.
    const fingerprint = createHash('sha256')
      .update(JSON.stringify([request.route, request.body]))
      .digest()
    const earlier = await keys.find(on, request, deadline)
    if (!earlier) {
      const answer = await valueOrRejection(on, work, deadline)
      await keys.insert(on, { ...request, fingerprint, answer }, deadline)
      return { stored: answer, replayed: false }
    }
    if (!earlier.fingerprint.equals(fingerprint)) {
      requests.inc({ outcome: 'reused' })
      throw new IdempotencyKeyReusedError()
    }
    return { stored: storedSchema.parse(earlier.answer), replayed: true }
  }

  return {
    /**
     * Does the work once per key and gives every repeat the first answer, also when that was a rejection. Answer and
     * effect are one transaction: a crash leaves both or none.
     *
     * @returns the answer, and whether an earlier request was answered with it
     * @throws IdempotencyKeyReusedError when the key came with another request
     * @throws RequestInProgressError when the first request takes longer than a repeat waits
     * @throws RejectionError the work's, now or the first time
     */
    async once<T>(
      request: IdempotentRequest,
      answer: z.ZodType<T>,
      work: (transaction: Queryable) => Promise<T>,
      deadline: Deadline,
    ): Promise<{ value: T; replayed: boolean }> {
      const giveUpAt = performance.now() + WAIT_MS
      for (;;) {
        const done = await database.transaction((on) => attempt(on, request, work, deadline), deadline)
        if (done) {
          requests.inc({ outcome: done.replayed ? 'replayed' : 'first' })
          if ('rejected' in done.stored) {
            throw new RejectionError(done.stored.rejected.rejection, done.stored.rejected.detail)
          }
          return { value: answer.parse(done.stored.value), replayed: done.replayed }
        }
        // Without a connection in hand: many repeats must not keep the first from being answered.
        if (performance.now() + POLL_MS > giveUpAt || deadline.remainingMs() < POLL_MS) {
          requests.inc({ outcome: 'in_progress' })
          throw new RequestInProgressError()
        }
        await sleep(POLL_MS)
      }
    },
  }
}

/** A rejection undoes what the work did so far, and is an answer to keep. */
async function valueOrRejection(
  on: Queryable,
  work: Work,
  deadline: Deadline,
): Promise<z.infer<typeof storedSchema>> {
  await on.query({ text: 'SAVEPOINT work', values: [] }, deadline)
  try {
    return { value: await work(on) }
  } catch (error) {
    if (!(error instanceof RejectionError)) throw error
    await on.query({ text: 'ROLLBACK TO SAVEPOINT work', values: [] }, deadline)
    return { rejected: { rejection: error.rejection, detail: error.message } }
  }
}
