import { ACCESS_TOKEN_SECONDS } from '@faultline/contracts'
import { createRevocationList, Deadline, type Logger } from '@faultline/service-kit'
import type { SessionRepository } from '../repositories/sessions.ts'

/** How long after a revocation a token of the session can be alive; the margin is for clocks that are apart. */
export const TOKEN_LIFE_MS = (ACCESS_TOKEN_SECONDS + 10) * 1_000

/** Longest look at the stored revocations, in milliseconds. */
const TIMEOUT_MS = 1_500

export interface RevocationFeedOptions {
  repository: Pick<SessionRepository, 'revokedSince'>
  /** Rejects while the broker has not taken it. */
  publish: (sessionId: string, expiresAtMs: number) => Promise<void>
  logger: Pick<Logger, 'warn'>
}

export type RevocationFeed = ReturnType<typeof createRevocationFeed>

/**
 * Sessions that were revoked lately. The database is what counts; this process looks there every second, so that it
 * knows of those that another replica revoked, and tells the verifiers about each one until the broker has taken it:
 * neither a crash right after the commit nor a broker that is away loses a revocation.
 */
export function createRevocationFeed({ repository, publish, logger }: RevocationFeedOptions) {
  const list = createRevocationList()
  /** What the broker has taken, and until when that matters. */
  const told = new Map<string, number>()
  let warned = false

  async function tell(sessionId: string, expiresAtMs: number): Promise<void> {
    if (told.has(sessionId)) return
    try {
      await publish(sessionId, expiresAtMs)
      told.set(sessionId, expiresAtMs)
      warned = false
    } catch (error) {
      if (!warned) logger.warn({ err: error }, 'a revocation has not reached the broker; trying again')
      warned = true
    }
  }

  return {
    isRevoked: (sessionId: string) => list.isRevoked(sessionId),
    /** A session was revoked by this process, and that is committed. */
    announce(sessionId: string, revokedAtMs: number): void {
      const expiresAtMs = revokedAtMs + TOKEN_LIFE_MS
      list.add(sessionId, expiresAtMs)
      void tell(sessionId, expiresAtMs)
    },
    /** Reads what is stored and announces what has not been announced yet. */
    async refresh(): Promise<void> {
      const since = new Date(Date.now() - TOKEN_LIFE_MS)
      const revoked = await repository.revokedSince(since, Deadline.after(TIMEOUT_MS))
      for (const { sessionId, revokedAtMs } of revoked) list.add(sessionId, revokedAtMs + TOKEN_LIFE_MS)
      for (const [sessionId, expiresAtMs] of told) if (expiresAtMs <= Date.now()) told.delete(sessionId)
      for (const { sessionId, revokedAtMs } of revoked) await tell(sessionId, revokedAtMs + TOKEN_LIFE_MS)
    },
    /** Everything is to be announced again: the broker may have lost it. */
    tellAgain: () => told.clear(),
  }
}
