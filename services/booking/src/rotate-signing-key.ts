/**
 * One-shot: makes the next signing key now, ahead of its time. The running replicas find it, publish it, and sign
 * with it once payments has had the time to learn of it.
 */
import { rotateSigningKey, runMain } from '@faultline/service-kit'
import { pino } from 'pino'
import { CHARGE_TOKEN_LIFE_MS } from './booking.ts'
import { loadRotationConfig } from './config.ts'

await runMain(async () => {
  const config = loadRotationConfig()
  const logger = pino({ level: process.env.LOG_LEVEL || 'info' })
  await rotateSigningKey(config.url, {
    service: 'booking',
    config,
    tokenLifeMs: CHARGE_TOKEN_LIFE_MS,
    logger,
  })
})
