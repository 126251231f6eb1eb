import { USER_TOKEN_AUDIENCE, USER_TOKEN_ISSUER } from '@faultline/contracts'
import {
  createDatabase,
  createStoredSigningKeys,
  createTokenVerifier,
  createWorker,
  type DatabaseConfig,
  Deadline,
  type Nats,
  publishRevocation,
  type SigningKeysConfig,
} from '@faultline/service-kit'
import type { Telemetry } from '@faultline/telemetry'
import { createPasswords } from './domain/passwords.ts'
import { createRevocationFeed, TOKEN_LIFE_MS } from './domain/revocation-feed.ts'
import { createSessionAudit } from './domain/session-audit.ts'
import { createSessions } from './domain/sessions.ts'
import { createSessionRepository } from './repositories/sessions.ts'

export interface IdentityOptions extends SigningKeysConfig {
  database: DatabaseConfig
  /** Where the verifiers of other services hear of revocations. */
  nats: Nats
  telemetry: Pick<Telemetry, 'logger' | 'register' | 'instrumentPool'>
}

/** How often this process looks what others have revoked, in milliseconds: "within seconds". */
const REVOCATIONS_EVERY_MS = 1_000
const KEYS_EVERY_MS = 5_000
const CLEANING_EVERY_MS = 60_000
/** Sessions that are over are kept this long, so that a late reuse is still recognized as one, in milliseconds. */
const KEPT_AFTER_EXPIRY_MS = 24 * 3_600_000

export type Identity = ReturnType<typeof createIdentity>

/** Who users are: sessions, the keys that sign for them, and the check of what was signed. */
export function createIdentity(options: IdentityOptions) {
  const { nats, telemetry } = options
  const { logger, register } = telemetry
  const check = { checkStatement: 'SELECT FROM signing_keys LIMIT 1' }
  const database = createDatabase({ ...options.database, ...check, telemetry, name: 'gateway' })
  // What happens every second of itself belongs in no trace and no metric of what users ask for.
  const background = createDatabase({
    ...options.database,
    ...check,
    telemetry: { logger, instrumentPool: (pool) => pool },
    name: 'gateway background',
    maxConnections: 1,
  })
  const keys = createStoredSigningKeys({
    database: background,
    service: 'gateway',
    config: options,
    tokenLifeMs: TOKEN_LIFE_MS,
    logger,
  })
  const stored = createSessionRepository(background)
  const revocations = createRevocationFeed({
    repository: stored,
    publish: (sessionId, expiresAtMs) => publishRevocation(nats, sessionId, expiresAtMs),
    logger,
  })
  const forget = nats.onReconnect(() => revocations.tellAgain())

  // Revocations first: without keys no token is taken, so none is taken before they are known.
  let revocationsKnown = false
  async function followKeys(): Promise<void> {
    if (!revocationsKnown) await revocations.refresh()
    revocationsKnown = true
    await keys.refresh()
  }
  const removeOldSessions = () =>
    stored.removeExpired(new Date(Date.now() - KEPT_AFTER_EXPIRY_MS), Deadline.after(1_500))
  const every = (intervalMs: number, name: string, task: () => Promise<void>) =>
    createWorker({ name, intervalMs, round: () => task().then(() => false), logger, register })
  const workers = [
    every(REVOCATIONS_EVERY_MS, 'revocations', () => revocations.refresh()),
    every(KEYS_EVERY_MS, 'signing-keys', followKeys),
    every(CLEANING_EVERY_MS, 'old-sessions', removeOldSessions),
  ]

  return {
    keys,
    sessions: createSessions({
      repository: createSessionRepository(database),
      passwords: createPasswords(),
      keys,
      revocations,
      audit: createSessionAudit({ register, logger }),
    }),
    verifier: createTokenVerifier({
      issuers: [{ issuer: USER_TOKEN_ISSUER, keys: keys.find }],
      audience: USER_TOKEN_AUDIENCE,
      revocations,
      register,
      logger,
    }),
    /**
     * Begins to follow the database; until it was read once, no token is signed or taken. Resolves after the first
     * attempt, however it ended.
     */
    async start(): Promise<void> {
      await followKeys().catch((error: unknown) =>
        logger.warn({ err: error }, 'no signing key yet; trying again'),
      )
      for (const worker of workers) worker.start()
    },
    async close(): Promise<void> {
      forget()
      await Promise.all(workers.map((worker) => worker.stop()))
      await Promise.all([database.close(), background.close()])
    },
  }
}
