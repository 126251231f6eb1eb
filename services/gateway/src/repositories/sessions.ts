import type { Database, Deadline, Queryable } from '@faultline/service-kit'

/** A refresh token that somebody presents, and its session, as stored. */
export interface PresentedToken {
  sessionId: string
  userId: string
  scopes: string[]
  usedAt: Date | null
  revokedAt: Date | null
  expiresAt: Date
}

export interface NewSession {
  sessionId: string
  userId: string
  tokenHash: Buffer
  createdAt: Date
  expiresAt: Date
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

export type SessionRepository = ReturnType<typeof createSessionRepository>

export function createSessionRepository(database: Database) {
  async function revoke(
    on: Queryable,
    sessionId: string,
    reason: 'signed_out' | 'token_reuse',
    at: Date,
    deadline: Deadline,
  ): Promise<boolean> {
    const values = [sessionId, at, reason]
    return (await on.query({ name: 'revoke-session', text: REVOKE, values }, deadline)).length > 0
  }

  return {
    async findUser(username: string, deadline: Deadline) {
      const text = 'SELECT id, password_hash AS "passwordHash", scopes FROM users WHERE username = $1'
      const [user] = await database.query<{ id: string; passwordHash: string; scopes: string[] }>(
        { name: 'find-user', text, values: [username] },
        deadline,
      )
      return user
    },

    create: ({ sessionId, userId, tokenHash, createdAt, expiresAt }: NewSession, deadline: Deadline) =>
      database.transaction(async (on) => {
        const text = 'INSERT INTO sessions (id, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)'
        const session = [sessionId, userId, createdAt, expiresAt]
        await on.query({ name: 'create-session', text, values: session }, deadline)
        const token = [tokenHash, sessionId, createdAt]
        await on.query({ name: 'insert-refresh-token', text: INSERT_TOKEN, values: token }, deadline)
      }, deadline),

    /**
     * Finds a refresh token and does with it what `decide` says, with no other request doing anything to the token or
     * its session at the same time: exchanges it for the next one, revokes its session, or leaves all as it is.
     *
     * @returns what was found before; undefined when there is no such token
     */
    exchange: (
      { hash, nextHash, at }: { hash: Buffer; nextHash: Buffer; at: Date },
      decide: (presented: PresentedToken) => 'rotate' | 'revoke' | 'refuse',
      deadline: Deadline,
    ) =>
      database.transaction(async (on) => {
        const [presented] = await on.query<PresentedToken>(
          { name: 'find-refresh-token', text: FIND_FOR_UPDATE, values: [hash] },
          deadline,
        )
        if (!presented) return undefined
        const { sessionId } = presented
        const decision = decide(presented)
        if (decision === 'revoke') await revoke(on, sessionId, 'token_reuse', at, deadline)
        if (decision === 'rotate') {
          const text = 'UPDATE refresh_tokens SET used_at = $2 WHERE token_hash = $1'
          await on.query({ name: 'use-refresh-token', text, values: [hash, at] }, deadline)
          const next = [nextHash, sessionId, at]
          await on.query({ name: 'insert-refresh-token', text: INSERT_TOKEN, values: next }, deadline)
        }
        return presented
      }, deadline),

    /** Ends a session for good. @returns whether this call did it */
    signOut: (sessionId: string, at: Date, deadline: Deadline) =>
      revoke(database, sessionId, 'signed_out', at, deadline),

    revokedSince: (since: Date, deadline: Deadline) =>
      database.query<{ sessionId: string; revokedAtMs: number }>(
        {
          name: 'list-revoked-sessions',
          text: `SELECT id AS "sessionId", extract(epoch FROM revoked_at)::float8 * 1000 AS "revokedAtMs"
                 FROM sessions WHERE revoked_at > $1`,
          values: [since],
        },
        deadline,
      ),

    /** Removes sessions that are over, some at a time. */
    async removeExpired(before: Date, deadline: Deadline): Promise<void> {
      await database.query({ name: 'remove-sessions', text: REMOVE_EXPIRED, values: [before] }, deadline)
    },
  }
}
