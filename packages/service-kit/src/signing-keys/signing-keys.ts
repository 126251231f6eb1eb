import { type CryptoKey, createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { Deadline } from '../deadline/deadline.ts'
import { DependencyError } from '../http-client/dependency-error.ts'
import { POSTGRESQL } from '../postgres/database.ts'
import type { Logger } from '../telemetry-types.ts'
import { type KeyTimes, planKeys } from './key-plan.ts'
import type { KeyVault } from './key-vault.ts'
import type { SigningKeyRepository, StoredKey } from './repository.ts'

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

export interface SigningKeysOptions {
  repository: SigningKeyRepository
  vault: KeyVault
  times: KeyTimes
  logger: Pick<Logger, 'info'>
  now?: () => number
}

/** Longest look at the stored keys, in milliseconds. */
const TIMEOUT_MS = 2_000

export function createSigningKeys(options: SigningKeysOptions): SigningKeys {
  const { repository, vault, times, logger, now = Date.now } = options
  let known: readonly StoredKey[] = []
  let published = ''
  let find: JWTVerifyGetKey | undefined
  const opened = new Map<string, Promise<CryptoKey>>()

  function take(keys: readonly StoredKey[]): void {
    known = keys
    for (const kid of opened.keys()) if (!keys.some((key) => key.kid === kid)) opened.delete(kid)
  }

  function keySet(): JSONWebKeySet {
    const plan = planKeys(known, now(), times)
    if (plan.published.length === 0) throw noKeyYet()
    return { keys: plan.published.map(({ publicJwk }) => publicJwk) }
  }

  async function make(signsFromMs: number): Promise<StoredKey> {
    const createdAtMs = now()
    const sealed = await vault.generate()
    // Deciding takes a moment, too: no key signs before it was made.
    return { ...sealed, createdAtMs, signsFromMs: Math.max(signsFromMs, createdAtMs) }
  }

  return {
    keySet,

    async signer() {
      const { signing } = planKeys(known, now(), times)
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
      const { nextSignsFromMs, dead } = planKeys(keys, now(), times)
      if (nextSignsFromMs === undefined && dead.length === 0) return take(keys)
      const changed = await repository.change(async (current) => {
        // Another replica may have done it meanwhile.
        const plan = planKeys(current, now(), times)
        const add = plan.nextSignsFromMs === undefined ? undefined : await make(plan.nextSignsFromMs)
        if (add) logger.info({ kid: add.kid, signs_from: new Date(add.signsFromMs) }, 'signing key made')
        return { add, remove: plan.dead.map(({ kid }) => kid) }
      }, deadline)
      take(changed)
    },

    async rotate() {
      const key = await make(now() + times.leadMs)
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
