/** One-shot: role and tables of booking. Safe to repeat, quick when all is there; the catalog is migrated before. */
import { connectOwner, loadMigrationConfig, runMain } from '@faultline/service-kit'
import { pino } from 'pino'
import { migrateBooking } from './migration.ts'

await runMain(async () => {
  const config = loadMigrationConfig('booking')
  const logger = pino({ level: process.env.LOG_LEVEL || 'info' })
  const client = await connectOwner(config.ownerUrl)
  try {
    await migrateBooking(client, config.password, logger)
    logger.info('booking is migrated')
  } finally {
    await client.end()
  }
})
