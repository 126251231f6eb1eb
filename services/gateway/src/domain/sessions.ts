import { createHash, randomBytes, randomUUID } from 'node:crypto'
import {
  ACCESS_TOKEN_SECONDS,
  type Credentials,
  type Session,
  USER_TOKEN_AUDIENCE,
  USER_TOKEN_ISSUER,
} from '@faultline/contracts'
import { type Deadline, type SigningKeys, TOKEN_ALGORITHM, TOKEN_TYPE } from '@faultline/service-kit'
import { SignJWT } from 'jose'
import type { PresentedToken, SessionRepository } from '../repositories/sessions.ts'
import type { Passwords } from './passwords.ts'
import type { RevocationFeed } from './revocation-feed.ts'
import type { SessionAudit } from './session-audit.ts'

/** Name or password is wrong; which of them is nobody's business. */
export class WrongCredentialsError extends Error {
  override readonly name = 'WrongCredentialsError'
}

/** What presenting a refresh token comes to. */
export type RefreshOutcome = 'rotated' | 'unknown' | 'expired' | 'ended' | 'reused'

/** A refresh token was not exchanged. */
export class RefreshRefusedError extends Error {
  override readonly name = 'RefreshRefusedError'
  readonly outcome: Exclude<RefreshOutcome, 'rotated'>

  constructor(outcome: Exclude<RefreshOutcome, 'rotated'>) {
    super(`the refresh token was refused: ${outcome}`)
    this.outcome = outcome
  }
}

/**
 * Judges a presented refresh token. A token works once: whoever presents a used one may be its thief, or its owner after
 * the thief has used it, so the session ends for both.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2
 */
function judge(token: PresentedToken | undefined, now: Date): RefreshOutcome {
  if (!token) return 'unknown'
  if (token.revokedAt) return 'ended'
  if (token.expiresAt <= now) return 'expired'
  return token.usedAt ? 'reused' : 'rotated'
}

export interface SessionsOptions {
  repository: Pick<SessionRepository, 'findUser' | 'create' | 'exchange' | 'signOut'>
  passwords: Passwords
  keys: Pick<SigningKeys, 'signer'>
  revocations: Pick<RevocationFeed, 'announce'>
  audit: SessionAudit
  /** How long a session lasts at most, in milliseconds, however often it is refreshed. */
  lifetimeMs?: number
  now?: () => Date
}

/** 256 random bits: not to be guessed, so storing a plain hash of them is enough. */
const newRefreshToken = () => randomBytes(32).toString('base64url')
const hashOf = (token: string) => createHash('sha256').update(token).digest()

export type Sessions = ReturnType<typeof createSessions>

export function createSessions(options: SessionsOptions) {
  const { repository, passwords, keys, revocations, audit } = options
  const { lifetimeMs = 8 * 3_600_000, now = () => new Date() } = options

  async function granted(
    session: Pick<PresentedToken, 'sessionId' | 'userId' | 'scopes' | 'expiresAt'>,
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
    /** @throws WrongCredentialsError */
    async signIn({ username, password }: Credentials, deadline: Deadline): Promise<Session> {
      const user = await repository.findUser(username, deadline)
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
      const answer = await granted({ ...session, scopes: user.scopes }, refreshToken, at)
      await repository.create(session, deadline)
      audit.signedIn(user.id)
      return answer
    },

    /** @throws RefreshRefusedError */
    async refresh(refreshToken: string, deadline: Deadline): Promise<Session> {
      const at = now()
      const next = newRefreshToken()
      const token = { hash: hashOf(refreshToken), nextHash: hashOf(next), at }
      // Without a key nothing must change, or the client would be left with a used token.
      await keys.signer()
      const presented = await repository.exchange(
        token,
        (found) => {
          const outcome = judge(found, at)
          return outcome === 'rotated' ? 'rotate' : outcome === 'reused' ? 'revoke' : 'refuse'
        },
        deadline,
      )
      const outcome = judge(presented, at)
      audit.refreshed(outcome, presented)
      if (outcome === 'reused' && presented) revocations.announce(presented.sessionId, at.getTime())
      if (outcome !== 'rotated' || !presented) {
        throw new RefreshRefusedError(outcome === 'rotated' ? 'unknown' : outcome)
      }
      return granted(presented, next, at)
    },

    /** Ends a session; that it has ended already is fine. */
    async signOut(sessionId: string, deadline: Deadline): Promise<void> {
      const at = now()
      if (!(await repository.signOut(sessionId, at, deadline))) return
      audit.signedOut(sessionId)
      revocations.announce(sessionId, at.getTime())
    },
  }
}

/**
 * An access token as every service of the box office takes it.
 *
 * @param sessionEndsAt a token never outlives its session
 * @see https://www.rfc-editor.org/rfc/rfc9068
 */
export async function signAccessToken(
  keys: Pick<SigningKeys, 'signer'>,
  { userId, sessionId, scope }: { userId: string; sessionId: string; scope: string },
  now: Date,
  sessionEndsAt: Date,
): Promise<{ token: string; expiresIn: number }> {
  const { kid, key } = await keys.signer()
  const issuedAt = Math.floor(now.getTime() / 1_000)
  const expiresAt = Math.min(issuedAt + ACCESS_TOKEN_SECONDS, Math.floor(sessionEndsAt.getTime() / 1_000))
  const token = await new SignJWT({ sid: sessionId, scope })
    .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: TOKEN_TYPE, kid })
    .setIssuer(USER_TOKEN_ISSUER)
    .setAudience(USER_TOKEN_AUDIENCE)
    .setSubject(userId)
    .setJti(randomUUID())
    .setIssuedAt(issuedAt)
    .setExpirationTime(expiresAt)
    .sign(key)
  return { token, expiresIn: Math.max(1, expiresAt - issuedAt) }
}
