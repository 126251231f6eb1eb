/**
 * One-shot: makes the next signing key now, ahead of its time. The running gateways find it, publish it, and sign
 * with it once every verifier has had the time to learn of it; nobody has to sign in again.
 */
import { createDatabase, runMain } from '@faultline/service-kit'
import { pino } from 'pino'
import { loadSigningKeysConfig } from './config.ts'
import { createKeyVault } from './domain/key-vault.ts'
import { TOKEN_LIFE_MS } from './domain/revocation-feed.ts'
import { createSigningKeys } from './domain/signing-keys.ts'
import { createSigningKeyRepository } from './repositories/signing-keys.ts'

await runMain(async () => {
  const config = loadSigningKeysConfig()
  const logger = pino({ level: process.env.LOG_LEVEL || 'info' })
  const database = createDatabase({
    url: config.databaseUrl,
    telemetry: { logger, instrumentPool: (pool) => pool },
    name: 'gateway rotation',
    checkStatement: 'SELECT FROM signing_keys LIMIT 1',
  })
  try {
    const keys = createSigningKeys({
      repository: createSigningKeyRepository(database),
      vault: createKeyVault(config.keysSecret),
      times: { leadMs: config.keyLeadMs, maxAgeMs: config.keyMaxAgeMs, tokenLifeMs: TOKEN_LIFE_MS },
      logger,
    })
    const { kid, signsFrom } = await keys.rotate()
    logger.info({ kid, signs_from: signsFrom.toISOString() }, 'next signing key made')
  } finally {
    await database.close()
  }
})
