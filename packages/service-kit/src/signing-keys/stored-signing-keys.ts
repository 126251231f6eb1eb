import { createDatabase, type Database } from '../postgres/database.ts'
import type { Logger } from '../telemetry-types.ts'
import { DEVELOPMENT_KEYS_SECRET, type SigningKeysConfig } from './config.ts'
import { createKeyVault } from './key-vault.ts'
import { createSigningKeyRepository } from './repository.ts'
import { createSigningKeys, type SigningKeys } from './signing-keys.ts'

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
  return createSigningKeys({
    repository: createSigningKeyRepository(database),
    vault: createKeyVault(config.keysSecret, service),
    times: { leadMs: config.keyLeadMs, maxAgeMs: config.keyMaxAgeMs, tokenLifeMs },
    logger,
  })
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
