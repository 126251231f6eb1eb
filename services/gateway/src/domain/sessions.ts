import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Credentials, Session } from '@faultline/contracts'
import type { Deadline, SigningKeys } from '@faultline/service-kit'
import type { SessionRepository } from '../repositories/sessions.ts'
import type { UserRepository } from '../repositories/users.ts'
import { signAccessToken } from './access-tokens.ts'
import type { Passwords } from './passwords.ts'
import { decisionOf, judge, type RefreshOutcome } from './refresh.ts'
import type { RevocationFeed } from './revocation-feed.ts'
import type { SessionAudit } from './session-audit.ts'

/** Name or password is wrong; which of them is nobody's business. */
export class WrongCredentialsError extends Error {
  override readonly name = 'WrongCredentialsError'
}

/** A refresh token was not exchanged. */
export class RefreshRefusedError extends Error {
  override readonly name = 'RefreshRefusedError'
  readonly outcome: Exclude<RefreshOutcome, 'rotated'>

  constructor(outcome: Exclude<RefreshOutcome, 'rotated'>) {
    super(`the refresh token was refused: ${outcome}`)
    this.outcome = outcome
  }
}

export interface Sessions {
  /** @throws WrongCredentialsError */
  signIn(credentials: Credentials, deadline: Deadline): Promise<Session>
  /** @throws RefreshRefusedError */
  refresh(refreshToken: string, deadline: Deadline): Promise<Session>
  /** Ends a session; that it has ended already is fine. */
  signOut(sessionId: string, deadline: Deadline): Promise<void>
}

export interface SessionsOptions {
  users: UserRepository
  sessions: SessionRepository
  passwords: Passwords
  keys: Pick<SigningKeys, 'signer'>
  revocations: Pick<RevocationFeed, 'announce'>
  audit: SessionAudit
  /** How long a session lasts at most, in milliseconds, however often it is refreshed. */
  lifetimeMs?: number
  now?: () => Date
}

export const sessionsDefaults = { lifetimeMs: 8 * 3_600_000 } satisfies Partial<SessionsOptions>

/** 256 random bits: not to be guessed, so storing a plain hash of them is enough. */
const newRefreshToken = () => randomBytes(32).toString('base64url')
const hashOf = (token: string) => createHash('sha256').update(token).digest()

export function createSessions(options: SessionsOptions): Sessions {
  const { users, sessions, passwords, keys, revocations, audit } = options
  const { lifetimeMs = sessionsDefaults.lifetimeMs, now = () => new Date() } = options

  async function answer(
    session: { sessionId: string; userId: string; scopes: readonly string[]; expiresAt: Date },
    refreshToken: string,
    at: Date,
  ): Promise<Session> {
    const { sessionId, userId, expiresAt } = session
    const scope = session.scopes.join(' ')
    const { token, expiresIn } = await signAccessToken(keys, { userId, sessionId, scope }, at, expiresAt)
    return {
      sessionId,
      userId,
      tokenType: 'Bearer',
      accessToken: token,
      expiresIn,
      refreshToken,
      refreshExpiresAt: expiresAt.toISOString(),
      scope,
    }
  }

  return {
    async signIn({ username, password }, deadline) {
      const user = await users.findByName(username, deadline)
      if (!(await deadline.race(passwords.verify(password, user?.passwordHash))) || !user) {
        audit.signInFailed(username)
        throw new WrongCredentialsError('name or password is wrong')
      }
      const at = now()
      const refreshToken = newRefreshToken()
      const session = {
        sessionId: randomUUID(),
        userId: user.id,
        createdAt: at,
        expiresAt: new Date(at.getTime() + lifetimeMs),
        tokenHash: hashOf(refreshToken),
      }
      const answered = await answer({ ...session, scopes: user.scopes }, refreshToken, at)
      await sessions.create(session, deadline)
      audit.signedIn(user.id)
      return answered
    },

    async refresh(refreshToken, deadline) {
      const at = now()
      const next = newRefreshToken()
      const token = { hash: hashOf(refreshToken), nextHash: hashOf(next), at }
      // Without a key nothing must change, or the client would be left with a used token.
      await keys.signer()
      const presented = await sessions.exchange(token, (found) => decisionOf[judge(found, at)], deadline)
      const outcome = judge(presented, at)
      audit.refreshed(outcome, presented)
      if (outcome === 'reused' && presented) revocations.announce(presented.sessionId, at.getTime())
      if (outcome !== 'rotated' || !presented) {
        throw new RefreshRefusedError(outcome === 'rotated' ? 'unknown' : outcome)
      }
      return answer(presented, next, at)
    },

    async signOut(sessionId, deadline) {
      const at = now()
      if (!(await sessions.revoke(sessionId, 'signed_out', at, deadline))) return
      audit.signedOut(sessionId)
      revocations.announce(sessionId, at.getTime())
    },
  }
}
