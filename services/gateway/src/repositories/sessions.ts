import type { Database, Deadline, Queryable } from '@faultline/service-kit'

/** Why a session ended before its time. */
export type RevocationReason = 'signed_out' | 'token_reuse'

/** A refresh token that somebody presents, and its session, as stored. */
export interface PresentedToken {
  sessionId: string
  userId: string
  scopes: string[]
  usedAt: Date | null
  revokedAt: Date | null
  expiresAt: Date
}

/** What is to be done about a presented token. */
export type RefreshDecision = 'rotate' | 'revoke' | 'refuse'

export interface RevokedSession {
  sessionId: string
  revokedAtMs: number
}

export interface NewSession {
  sessionId: string
  userId: string
  tokenHash: Buffer
  createdAt: Date
  expiresAt: Date
}

export interface SessionRepository {
  create(session: NewSession, deadline: Deadline): Promise<void>
  /**
   * Finds a refresh token and does with it what `decide` says, with no other request doing anything to the token or
   * its session at the same time: exchanges it for the next one, revokes its session, or leaves all as it is.
   *
   * @returns what was found before; undefined when there is no such token
   */
  exchange(
    token: { hash: Buffer; nextHash: Buffer; at: Date },
    decide: (presented: PresentedToken) => RefreshDecision,
    deadline: Deadline,
  ): Promise<PresentedToken | undefined>
  /** Ends a session for good. @returns whether this call did it */
  revoke(sessionId: string, reason: RevocationReason, at: Date, deadline: Deadline): Promise<boolean>
  revokedSince(since: Date, deadline: Deadline): Promise<RevokedSession[]>
  /** Removes sessions that are over, some at a time. */
  removeExpired(before: Date, deadline: Deadline): Promise<void>
}

const FIND_FOR_UPDATE = `
  SELECT s.id AS "sessionId", s.user_id AS "userId", u.scopes, t.used_at AS "usedAt",
         s.revoked_at AS "revokedAt", s.expires_at AS "expiresAt"
  FROM refresh_tokens t
  JOIN sessions s ON s.id = t.session_id
  JOIN users u ON u.id = s.user_id
  WHERE t.token_hash = $1
  FOR UPDATE OF s, t`

const REVOKE = `
  UPDATE sessions SET revoked_at = $2, revoked_because = $3 WHERE id = $1 AND revoked_at IS NULL RETURNING id`

const INSERT_TOKEN = 'INSERT INTO refresh_tokens (token_hash, session_id, created_at) VALUES ($1, $2, $3)'

const REMOVE_EXPIRED = `
  DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < $1 LIMIT 1000)`

export function createSessionRepository(database: Database): SessionRepository {
  async function revoke(on: Queryable, id: string, reason: RevocationReason, at: Date, deadline: Deadline) {
    const rows = await on.query({ name: 'revoke-session', text: REVOKE, values: [id, at, reason] }, deadline)
    return rows.length > 0
  }

  return {
    create: (session, deadline) =>
      database.transaction(async (transaction) => {
        await transaction.query(
          {
            name: 'create-session',
            text: 'INSERT INTO sessions (id, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)',
            values: [session.sessionId, session.userId, session.createdAt, session.expiresAt],
          },
          deadline,
        )
        const values = [session.tokenHash, session.sessionId, session.createdAt]
        await transaction.query({ name: 'insert-refresh-token', text: INSERT_TOKEN, values }, deadline)
      }, deadline),

    exchange: ({ hash, nextHash, at }, decide, deadline) =>
      database.transaction(async (transaction) => {
        const [presented] = await transaction.query<PresentedToken>(
          { name: 'find-refresh-token', text: FIND_FOR_UPDATE, values: [hash] },
          deadline,
        )
        if (!presented) return undefined
        const { sessionId } = presented
        const decision = decide(presented)
        if (decision === 'revoke') await revoke(transaction, sessionId, 'token_reuse', at, deadline)
        if (decision === 'rotate') {
          const text = 'UPDATE refresh_tokens SET used_at = $2 WHERE token_hash = $1'
          await transaction.query({ name: 'use-refresh-token', text, values: [hash, at] }, deadline)
          const values = [nextHash, sessionId, at]
          await transaction.query({ name: 'insert-refresh-token', text: INSERT_TOKEN, values }, deadline)
        }
        return presented
      }, deadline),

    revoke: (sessionId, reason, at, deadline) => revoke(database, sessionId, reason, at, deadline),

    revokedSince: (since, deadline) =>
      database.query<RevokedSession>(
        {
          name: 'list-revoked-sessions',
          text: `SELECT id AS "sessionId", extract(epoch FROM revoked_at)::float8 * 1000 AS "revokedAtMs"
                 FROM sessions WHERE revoked_at > $1`,
          values: [since],
        },
        deadline,
      ),

    async removeExpired(before, deadline) {
      await database.query({ name: 'remove-sessions', text: REMOVE_EXPIRED, values: [before] }, deadline)
    },
  }
}
