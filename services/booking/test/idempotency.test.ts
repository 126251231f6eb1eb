import type { Problem, Reservation } from '@faultline/contracts'
import type { JsonResponse } from '@faultline/test-support/http'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BoxOffice, type Replica, startBoxOffice, type Visitor } from './support/box-office.ts'
import type { TestConcert } from './support/database.ts'

let office: BoxOffice
let replicas: readonly [Replica, Replica]

beforeAll(async () => {
  office = await startBoxOffice()
  replicas = [await office.startReplica(), await office.startReplica()]
})
afterAll(async () => {
  for (const replica of replicas ?? []) await replica[Symbol.asyncDispose]()
  await office?.[Symbol.asyncDispose]()
})

const SEATS = 3

/** What one of two visitors sends to one of two replicas: a key, and which seat is wanted. */
const request = fc.record({
  visitor: fc.nat({ max: 1 }),
  replica: fc.nat({ max: 1 }),
  key: fc.nat({ max: 2 }),
  seat: fc.nat({ max: SEATS - 1 }),
})
type Request = typeof request extends fc.Arbitrary<infer Value> ? Value : never

/** Requests of one batch are sent at the same time. */
const batches = fc.array(fc.array(request, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 })

interface Sent extends Request {
  readonly answer: JsonResponse<Reservation | Problem>
}

describe('idempotency keys', () => {
  it('make any sequence of requests, repeats and reuses, at once and at two replicas, as good as the first ones', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (sequence) => {
        const concert = await office.database.addConcert(SEATS)
        const visitors = await Promise.all([aVisitor(), aVisitor()])
        const sent: Sent[] = []
        for (const batch of sequence) {
          const answers = await Promise.all(batch.map((one) => send(one, visitors, concert)))
          sent.push(...answers)
        }
        for (const uses of Map.groupBy(sent, ({ visitor, key }) => `${visitor}/${key}`).values()) {
          expectOneAnswer(uses)
        }
        await expectEffects(concert, sent)
      }),
      { numRuns: 40 },
    )
  }, 120_000)
})

interface TwoReplicaVisitor {
  readonly at: readonly [Visitor, Visitor]
}

async function aVisitor(): Promise<TwoReplicaVisitor> {
  const first = await office.visitor(replicas[0].url)
  return { at: [first, await office.visitor(replicas[1].url, first.userId)] }
}

async function send(
  one: Request,
  visitors: readonly TwoReplicaVisitor[],
  concert: TestConcert,
): Promise<Sent> {
  const visitor = visitors[one.visitor]?.at[one.replica]
  const seat = concert.seatIds[one.seat]
  if (!visitor || seat === undefined) throw new Error('no such visitor or seat')
  // Keys are a visitor's own: both use the same ones.
  return { ...one, answer: await visitor.reserve(concert, [seat], `key-number-${one.key}`) }
}

/** Of the requests of one visitor with one key, those of one body have one answer; the others are refused. */
function expectOneAnswer(uses: readonly Sent[]): void {
  const settled = uses.filter(({ answer }) => !isInProgress(answer))
  const taken = settled.filter(({ answer }) => answer.status !== 422)
  expect(new Set(taken.map(({ seat }) => seat)).size).toBeLessThanOrEqual(1)
  expect(new Set(taken.map(({ answer }) => essence(answer))).size).toBeLessThanOrEqual(1)
  for (const { answer, seat } of settled) {
    if (answer.status === 422) expect(taken.some((use) => use.seat !== seat) || taken.length === 0).toBe(true)
    else expect([201, 409]).toContain(answer.status)
  }
}

/** Only those who got the answer "reserved" have a reservation: one per key, and none shares a seat. */
async function expectEffects(concert: TestConcert, sent: readonly Sent[]): Promise<void> {
  const told = new Set(
    sent.flatMap(({ answer }) => (answer.status === 201 ? [(answer.body as Reservation).id] : [])),
  )
  const stored = await office.database.asOwner<{ id: string }>(
    'SELECT id FROM booking.reservations WHERE concert_id = $1',
    [concert.id],
  )
  expect(new Set(stored.map(({ id }) => id))).toEqual(told)
  const held = await office.database.asOwner(
    "SELECT FROM catalog.seats WHERE concert_id = $1 AND status = 'held'",
    [concert.id],
  )
  expect(held).toHaveLength(told.size)
}

function isInProgress({ body }: JsonResponse<unknown>): boolean {
  return (body as Problem).type === 'urn:faultline:problem:request-in-progress'
}

/** An answer without what names the single request. */
function essence({ status, body }: JsonResponse<Reservation | Problem>): string {
  return JSON.stringify({ status, body: { ...body, requestId: undefined } })
}
