import { ACCESS_TOKEN_SECONDS, REVOKED_SESSIONS_BUCKET } from '@faultline/contracts'
import { Kvm } from '@nats-io/kv'
import type { Nats } from '../nats/connect.ts'
import { watchBucket } from '../nats/watch-bucket.ts'
import type { Logger } from '../telemetry-types.ts'

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

/** An entry is of use as long as a token can live; the minute covers clocks that are apart. */
const BUCKET_OPTIONS = { ttl: (ACCESS_TOKEN_SECONDS + 60) * 1_000, history: 1 }

export interface RevocationsWatch extends Revocations {
  stop(): void
}

/**
 * The revoked sessions that the gateway tells of over the broker. While that is away, what was heard before stays
 * known, what is new is heard after the reconnect; a token lives for minutes only.
 */
export function watchRevocations(options: { nats: Nats; logger: Logger }): RevocationsWatch {
  const { nats, logger } = options
  const list = createRevocationList()
  const watch = watchBucket({
    nats,
    bucket: REVOKED_SESSIONS_BUCKET,
    bucketOptions: BUCKET_OPTIONS,
    logger,
    onValue(sessionId, expiresAtMs) {
      if (expiresAtMs !== undefined) list.add(sessionId, Number(expiresAtMs))
    },
    // What is gone from the bucket has expired, which the list sees by itself.
    onReplayed: () => undefined,
  })
  return { isRevoked: (sessionId) => list.isRevoked(sessionId), stop: () => watch.stop() }
}

/**
 * Tells every verifier that a session has ended.
 *
 * @param expiresAtMs when its last access token dies, in milliseconds since the epoch
 * @throws Error when the broker has not taken it
 */
export async function publishRevocation(nats: Nats, sessionId: string, expiresAtMs: number): Promise<void> {
  if (!nats.connected) throw new Error('not connected to NATS')
  const kv = await new Kvm(await nats.connection()).create(REVOKED_SESSIONS_BUCKET, BUCKET_OPTIONS)
  await kv.put(sessionId, String(expiresAtMs))
}
