/** Sessions that ended before their access tokens expired. Asked on every request, hence in memory. */
export interface Revocations {
  isRevoked(sessionId: string): boolean
}

/** A list of revoked sessions that forgets each as soon as none of its tokens can be alive. */
export interface RevocationList extends Revocations {
  /** @param expiresAtMs when the last access token of the session dies, in milliseconds since the epoch */
  add(sessionId: string, expiresAtMs: number): void
  readonly size: number
}

/** Entries between two looks for dead ones. */
const SWEEP_EVERY = 256

export function createRevocationList(now: () => number = Date.now): RevocationList {
  const expiries = new Map<string, number>()
  let sinceSweep = 0
  return {
    isRevoked: (sessionId) => (expiries.get(sessionId) ?? 0) > now(),
    add(sessionId, expiresAtMs) {
      expiries.set(sessionId, Math.max(expiresAtMs, expiries.get(sessionId) ?? 0))
      sinceSweep++
      if (sinceSweep < SWEEP_EVERY) return
      sinceSweep = 0
      for (const [id, expiresAt] of expiries) if (expiresAt <= now()) expiries.delete(id)
    },
    get size() {
      return expiries.size
    },
  }
}
