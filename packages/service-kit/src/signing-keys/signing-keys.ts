import { type CryptoKey, createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { z } from 'zod'
import { Deadline } from '../app/deadline.ts'
import { DependencyError } from '../http-client/attempt.ts'
import { createDatabase, type Database, POSTGRESQL } from '../postgres/database.ts'
import { integer } from '../service/config.ts'
import type { Logger } from '../telemetry-types.ts'
import { type KeyTimes, planKeys } from './key-plan.ts'
import { createKeyVault, createSigningKeyRepository, type StoredKey } from './stored-keys.ts'

/** What signing keys are encrypted with unless the environment says better; public, so good for nothing but demos. */
export const DEVELOPMENT_KEYS_SECRET = 'faultline-development-signing-keys'

/** How a service keeps the keys that it signs tokens with. */
export const signingKeyVariables = {
  SIGNING_KEYS_SECRET: z
    .string()
    .min(32, 'is shorter than 32 characters')
    .default(DEVELOPMENT_KEYS_SECRET)
    .meta({
      description: 'a random secret that private signing keys are encrypted with',
      example: '(32 bytes, base64)',
    }),
  SIGNING_KEY_LEAD_SECONDS: integer('how long a signing key is published before it signs, in seconds', {
    minimum: 1,
    maximum: 86_400,
    // Twice as long as verifiers keep a key set.
    default: 600,
  }),
  SIGNING_KEY_MAX_AGE_SECONDS: integer('how long a signing key signs, in seconds', {
    minimum: 1,
    maximum: 31_536_000,
    default: 86_400,
  }),
}

export interface SigningKeysConfig {
  keysSecret: string
  keyLeadMs: number
  keyMaxAgeMs: number
}

/** What {@link signingKeyVariables} say. */
export function signingKeysConfig(variables: {
  SIGNING_KEYS_SECRET: string
  SIGNING_KEY_LEAD_SECONDS: number
  SIGNING_KEY_MAX_AGE_SECONDS: number
}): SigningKeysConfig {
  return {
    keysSecret: variables.SIGNING_KEYS_SECRET,
    keyLeadMs: variables.SIGNING_KEY_LEAD_SECONDS * 1_000,
    keyMaxAgeMs: variables.SIGNING_KEY_MAX_AGE_SECONDS * 1_000,
  }
}

/** A service's signing keys, as this process knows them: it goes on with what it has while the database is away. */
export interface SigningKeys {
  /** @throws DependencyError when none could be had yet, as the database was never reached */
  signer(): Promise<{ kid: string; key: CryptoKey }>
  /** What verifiers are to trust. @throws DependencyError as {@link signer} does */
  keySet(): JSONWebKeySet
  /** The same for a verifier in this process. */
  readonly find: JWTVerifyGetKey
  /** Looks at the stored keys; makes the next one when it is time, removes those of no use. */
  refresh(): Promise<void>
  /** Makes the next key now; it signs when verifiers have had the time to learn of it. @returns its id and when */
  rotate(): Promise<{ kid: string; signsFrom: Date }>
}

/** Longest look at the stored keys, in milliseconds. */
const TIMEOUT_MS = 2_000

export interface StoredSigningKeysOptions {
  /** Whose schema has the table `signing_keys`. */
  database: Database
  /** Name of the service that signs. */
  service: string
  config: SigningKeysConfig
  /** How long a token lives that these keys sign, with the clocks' differences, in milliseconds. */
  tokenLifeMs: number
  logger: Pick<Logger, 'info' | 'warn'>
}

/** The signing keys of a service, in its database: all its replicas sign with the same one. */
export function createStoredSigningKeys(options: StoredSigningKeysOptions): SigningKeys {
  const { database, service, config, tokenLifeMs, logger } = options
  if (config.keysSecret === DEVELOPMENT_KEYS_SECRET) {
    logger.warn(
      'SIGNING_KEYS_SECRET is not set: signing keys are encrypted with a secret that everybody knows',
    )
  }
  const repository = createSigningKeyRepository(database)
  const vault = createKeyVault(config.keysSecret, service)
  const times: KeyTimes = { leadMs: config.keyLeadMs, maxAgeMs: config.keyMaxAgeMs, tokenLifeMs }
  let known: readonly StoredKey[] = []
  let published = ''
  let find: JWTVerifyGetKey | undefined
  const opened = new Map<string, Promise<CryptoKey>>()

  function take(keys: readonly StoredKey[]): void {
    known = keys
    for (const kid of opened.keys()) if (!keys.some((key) => key.kid === kid)) opened.delete(kid)
  }

  function keySet(): JSONWebKeySet {
    const plan = planKeys(known, Date.now(), times)
    if (plan.published.length === 0) throw noKeyYet()
    return { keys: plan.published.map(({ publicJwk }) => publicJwk) }
  }

  async function make(signsFromMs: number): Promise<StoredKey> {
    const createdAtMs = Date.now()
    const sealed = await vault.generate()
    // Deciding takes a moment, too: no key signs before it was made.
    return { ...sealed, createdAtMs, signsFromMs: Math.max(signsFromMs, createdAtMs) }
  }

  return {
    keySet,

    async signer() {
      const { signing } = planKeys(known, Date.now(), times)
      if (!signing) throw noKeyYet()
      const key = opened.get(signing.kid) ?? vault.open(signing)
      opened.set(signing.kid, key)
      return { kid: signing.kid, key: await key }
    },

    find(header, token) {
      const keys = keySet()
      const ids = keys.keys.map(({ kid }) => kid).join()
      if (!find || ids !== published) {
        find = createLocalJWKSet(keys)
        published = ids
      }
      return find(header, token)
    },

    async refresh() {
      const deadline = Deadline.after(TIMEOUT_MS)
      const keys = await repository.list(deadline)
      const { nextSignsFromMs, dead } = planKeys(keys, Date.now(), times)
      if (nextSignsFromMs === undefined && dead.length === 0) return take(keys)
      const changed = await repository.change(async (current) => {
        // Another replica may have done it meanwhile.
        const plan = planKeys(current, Date.now(), times)
        const add = plan.nextSignsFromMs === undefined ? undefined : await make(plan.nextSignsFromMs)
        if (add) logger.info({ kid: add.kid, signs_from: new Date(add.signsFromMs) }, 'signing key made')
        return { add, remove: plan.dead.map(({ kid }) => kid) }
      }, deadline)
      take(changed)
    },

    async rotate() {
      const key = await make(Date.now() + times.leadMs)
      const changed = await repository.change(
        async () => ({ add: key, remove: [] }),
        Deadline.after(TIMEOUT_MS),
      )
      take(changed)
      return { kid: key.kid, signsFrom: new Date(key.signsFromMs) }
    },
  }
}

function noKeyYet(): DependencyError {
  return new DependencyError(POSTGRESQL, 'unavailable', new Error('no signing key is known yet'))
}

/** Makes the next signing key now, ahead of its time, in a process of its own; the running replicas find it. */
export async function rotateSigningKey(
  url: string,
  options: Omit<StoredSigningKeysOptions, 'database'> & { logger: Logger },
): Promise<void> {
  const { service, logger } = options
  const database = createDatabase({
    url,
    telemetry: { logger, instrumentPool: (pool) => pool },
    name: `${service} rotation`,
    checkStatement: 'SELECT FROM signing_keys LIMIT 1',
  })
  try {
    const { kid, signsFrom } = await createStoredSigningKeys({ ...options, database }).rotate()
    logger.info({ kid, signs_from: signsFrom.toISOString() }, 'next signing key made')
  } finally {
    await database.close()
  }
}
