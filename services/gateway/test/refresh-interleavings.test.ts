/** Refresh tokens on the real database: whatever is presented, in whatever order and however much at once. */
import assert from 'node:assert/strict'
import { createDatabase, Deadline } from '@faultline/service-kit'
import { testTelemetry } from '@faultline/test-support/telemetry'
import fc from 'fast-check'
import { generateKeyPair } from 'jose'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSessionAudit } from '../src/domain/session-audit.ts'
import { createSessions, RefreshRefusedError, type Sessions } from '../src/domain/sessions.ts'
import { createSessionRepository, type SessionRepository } from '../src/repositories/sessions.ts'
import { type GatewayDatabase, startGatewayDatabase } from './support/identity.ts'
import { type Act, afterAllOf, type Came, type Model, type Outcome } from './support/refresh-model.ts'

const LIFETIME_MS = 60_000

let database: GatewayDatabase
let pool: ReturnType<typeof createDatabase>
let owner: pg.Client
let repository: SessionRepository
let sessions: Sessions
/** The gateway's clock, which the test moves. */
let nowMs = Date.now()
/** Sessions that were announced to verifiers as revoked. */
const announced = new Set<string>()
const seen = new Map<Outcome, number>()

beforeAll(async () => {
  database = await startGatewayDatabase()
  const telemetry = testTelemetry()
  const checkStatement = 'SELECT FROM sessions LIMIT 1'
  pool = createDatabase({ url: database.serviceUrl, telemetry, name: 'gateway', checkStatement })
  owner = new pg.Client({ connectionString: database.ownerUrl })
  await owner.connect()
  repository = createSessionRepository(pool)
  const { privateKey } = await generateKeyPair('ES256')
  sessions = createSessions({
    repository,
    passwords: { verify: async () => true },
    keys: { signer: async () => ({ kid: 'test', key: privateKey }) },
    revocations: { announce: (sessionId) => void announced.add(sessionId) },
    audit: createSessionAudit(telemetry),
    lifetimeMs: LIFETIME_MS,
    now: () => new Date(nowMs),
  })
})
afterAll(async () => {
  await owner?.end()
  await pool?.close()
  await database?.[Symbol.asyncDispose]()
})

const deadline = () => Deadline.after(20_000)

/** A session under test: as it should be, and every token that it ever gave. */
interface Tried {
  readonly id: string
  readonly expiresAtMs: number
  readonly tokens: string[]
  model: Model
}

async function signIn(): Promise<Tried> {
  const { sessionId, refreshToken } = await sessions.signIn(
    { username: 'visitor-1', password: 'any-password' },
    deadline(),
  )
  const model = { live: refreshToken, used: [], state: 'active' } as const
  return { id: sessionId, expiresAtMs: nowMs + LIFETIME_MS, tokens: [refreshToken], model }
}

async function carryOut(sessionId: string, act: Act): Promise<Came> {
  if (act.kind === 'sign out') {
    await sessions.signOut(sessionId, deadline())
    return { act, outcome: 'signed out' }
  }
  try {
    const { refreshToken } = await sessions.refresh(act.token, deadline())
    return { act, outcome: 'rotated', next: refreshToken }
  } catch (error) {
    if (error instanceof RefreshRefusedError) return { act, outcome: error.outcome }
    throw error
  }
}

/** Several acts on a session at the same time: there has to be an order that explains what they came to. */
async function together(session: Tried, acts: readonly Act[]): Promise<void> {
  const came = await Promise.all(acts.map((act) => carryOut(session.id, act)))
  for (const { outcome, next } of came) {
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
    if (next !== undefined) session.tokens.push(next)
  }
  const model = afterAllOf(session.model, came)
  const story = came.map(({ act, outcome }) => `${act.kind}: ${outcome}`).join(', ')
  assert.ok(model, `nothing explains ${story} of a session that is ${session.model.state}`)
  session.model = model
}

/** What is stored of a session is what it should be. */
async function expectStored({ id, model, tokens }: Tried): Promise<void> {
  const { rows } = await owner.query(
    `SELECT (SELECT count(*)::int FROM gateway.refresh_tokens WHERE session_id = s.id) AS tokens,
            (SELECT count(*)::int FROM gateway.refresh_tokens
             WHERE session_id = s.id AND used_at IS NULL) AS "unusedTokens",
            revoked_at IS NOT NULL AS revoked
     FROM gateway.sessions s WHERE id = $1`,
    [id],
  )
  const revoked = model.state === 'revoked'
  assert.deepEqual(
    rows,
    model.state === 'removed' ? [] : [{ tokens: tokens.length, unusedTokens: 1, revoked }],
  )
  if (model.state !== 'removed') assert.equal(announced.has(id), revoked)
}

type Move =
  | { readonly kind: 'together'; readonly session: number; readonly acts: readonly (number | 'sign out')[] }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'clean' }

/** A token counted from the newest on; so far back that there is none, one that never was. */
const token = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat({ max: 6 }) })
const act = fc.oneof(
  { weight: 12, arbitrary: token },
  { weight: 1, arbitrary: fc.constant('sign out' as const) },
)
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('together' as const),
      session: fc.nat({ max: 1 }),
      acts: fc.oneof(
        { weight: 3, arbitrary: fc.tuple(act) },
        { weight: 2, arbitrary: fc.array(act, { minLength: 2, maxLength: 4 }) },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: LIFETIME_MS }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'clean' as const }) },
)

async function play(tried: readonly Tried[], played: Move): Promise<void> {
  if (played.kind === 'together') {
    const session = tried[played.session]
    assert.ok(session)
    const acts = played.acts.map((one): Act => {
      if (one === 'sign out') return { kind: one }
      return { kind: 'refresh', token: session.tokens.at(-1 - one) ?? `never-was-${one}` }
    })
    return together(session, acts)
  }
  if (played.kind === 'wait') nowMs += played.ms
  else await repository.removeExpired(new Date(nowMs), deadline())
  for (const session of tried) {
    const over = session.expiresAtMs <= nowMs
    if (over && session.model.state === 'active') session.model = { ...session.model, state: 'expired' }
    // The moment at which it ends is the last that it is kept.
    const removed = played.kind === 'clean' && session.expiresAtMs < nowMs
    if (removed) session.model = { ...session.model, state: 'removed' }
  }
}

const alone = (session: number, one: number | 'sign out'): Move => ({
  kind: 'together',
  session,
  acts: [one],
})
/** Ways to every end there is, which random runs may miss. */
const EXAMPLES: [Move[]][] = Array.from({ length: 6 }, (): [Move[]][] => [
  [[alone(0, 0), { kind: 'wait', ms: LIFETIME_MS }, alone(0, 0), alone(1, 6)]],
  [[alone(0, 0), alone(0, 1), alone(0, 0), alone(1, 'sign out')]],
]).flat()

describe('refresh tokens, presented in any order and at the same time', () => {
  it('work once, at most one per session; a second use or a sign-out ends the session for good', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 5, maxLength: 25, size: 'max' }), async (moves) => {
        const tried = [await signIn(), await signIn()]
        for (const played of moves) {
          await play(tried, played)
          for (const session of tried) await expectStored(session)
        }
        // In the end each is presented once more, the newest first: it is the only one that may still work.
        for (const session of tried) {
          for (const token of session.tokens.toReversed())
            await together(session, [{ kind: 'refresh', token }])
          await expectStored(session)
        }
      }),
      { numRuns: 60, examples: EXAMPLES },
    )
    // The runs came to every end there is.
    for (const outcome of ['rotated', 'unknown', 'expired', 'ended', 'reused', 'signed out'] as const) {
      expect(seen.get(outcome) ?? 0, outcome).toBeGreaterThan(5)
    }
  })
})
