import { USER_TOKEN_AUDIENCE, USER_TOKEN_ISSUER } from '@faultline/contracts'
import {
  createDatabase,
  createStoredSigningKeys,
  createTokenVerifier,
  Deadline,
  type Nats,
  publishRevocation,
  type SigningKeys,
  type SigningKeysConfig,
  type TokenVerifier,
} from '@faultline/service-kit'
import type { Telemetry } from '@faultline/telemetry'
import { type Repeated, repeat } from './background/repeat.ts'
import { createPasswords } from './domain/passwords.ts'
import { createRevocationFeed, TOKEN_LIFE_MS } from './domain/revocation-feed.ts'
import { createSessionAudit } from './domain/session-audit.ts'
import { createSessions, type Sessions } from './domain/sessions.ts'
import { createSessionRepository } from './repositories/sessions.ts'
import { createUserRepository } from './repositories/users.ts'

export interface IdentityOptions extends SigningKeysConfig {
  databaseUrl: string
  /** Where the verifiers of other services hear of revocations. */
  nats: Nats
  telemetry: Pick<Telemetry, 'logger' | 'register' | 'instrumentPool'>
}

/** Who users are: sessions, the keys that sign for them, and the check of what was signed. */
export interface Identity {
  readonly sessions: Sessions
  readonly keys: SigningKeys
  readonly verifier: TokenVerifier
  /**
   * Begins to follow the database; until it was read once, no token is signed or taken. Resolves after the first
   * attempt, however it ended.
   */
  start(): Promise<void>
  close(): Promise<void>
}

/** How often this process looks what others have revoked, in milliseconds: "within seconds". */
const REVOCATIONS_EVERY_MS = 1_000
const KEYS_EVERY_MS = 5_000
const CLEANING_EVERY_MS = 60_000
/** Sessions that are over are kept this long, so that a late reuse is still told from rubbish, in milliseconds. */
const KEPT_AFTER_EXPIRY_MS = 24 * 3_600_000

export function createIdentity(options: IdentityOptions): Identity {
  const { databaseUrl, nats, telemetry } = options
  const { logger, register } = telemetry
  const check = { checkStatement: 'SELECT FROM signing_keys LIMIT 1' }
  const database = createDatabase({ ...check, url: databaseUrl, telemetry, name: 'gateway' })
  // What happens every second of itself belongs in no trace and no metric of what users ask for.
  const background = createDatabase({
    ...check,
    url: databaseUrl,
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
  let tasks: Repeated[] = []

  return {
    keys,
    sessions: createSessions({
      users: createUserRepository(database),
      sessions: createSessionRepository(database),
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
    async start() {
      // Revocations first: without keys no token is taken, so none is taken before they are known.
      let known = false
      const follow = async () => {
        if (!known) await revocations.refresh()
        known = true
        await keys.refresh()
      }
      await follow().catch((error: unknown) =>
        logger.warn({ err: error }, 'no signing key yet; trying again'),
      )
      tasks = [
        repeat('revocations', REVOCATIONS_EVERY_MS, () => revocations.refresh(), logger),
        repeat('signing keys', KEYS_EVERY_MS, follow, logger),
        repeat('old sessions', CLEANING_EVERY_MS, () => removeOldSessions(stored), logger),
      ]
    },
    async close() {
      forget()
      await Promise.all(tasks.map((task) => task.stop()))
      await Promise.all([database.close(), background.close()])
    },
  }
}

function removeOldSessions(repository: ReturnType<typeof createSessionRepository>): Promise<void> {
  return repository.removeExpired(new Date(Date.now() - KEPT_AFTER_EXPIRY_MS), Deadline.after(1_500))
}
