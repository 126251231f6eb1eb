import { ACCESS_TOKEN_SECONDS, REVOKED_SESSIONS_BUCKET } from '@faultline/contracts'
import { Kvm } from '@nats-io/kv'
import type { Nats } from '../nats/connect.ts'
import { watchBucket } from '../nats/watch-bucket.ts'
import type { Logger } from '../telemetry-types.ts'
import { createRevocationList, type Revocations } from './revocations.ts'

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
