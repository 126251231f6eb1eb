/**
 * One-shot: makes the next signing key now, ahead of its time. The running gateways find it, publish it, and sign
 * with it once every verifier has had the time to learn of it; nobody has to sign in again.
 */
import { rotateSigningKey, runMain } from '@faultline/service-kit'
import { pino } from 'pino'
import { loadRotationConfig } from './config.ts'
import { TOKEN_LIFE_MS } from './domain/revocation-feed.ts'

await runMain(async () => {
  const config = loadRotationConfig()
  const logger = pino({ level: process.env.LOG_LEVEL || 'info' })
  await rotateSigningKey(config.databaseUrl, {
    service: 'gateway',
    config,
    tokenLifeMs: TOKEN_LIFE_MS,
    logger,
  })
})
