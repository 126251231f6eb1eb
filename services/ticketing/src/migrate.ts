/** One-shot: database, role and tables of ticketing. Safe to repeat. */
import { connectOwner, loadMigrationConfig, runMain } from '@faultline/service-kit'
import { pino } from 'pino'
import { migrateTicketing, SERVICE_ROLE } from './migration.ts'

await runMain(async () => {
  const config = loadMigrationConfig(SERVICE_ROLE)
  const logger = pino({ level: process.env.LOG_LEVEL || 'info' })
  const client = await connectOwner(config.ownerUrl)
  try {
    await migrateTicketing(client, config.servicePassword, logger)
    logger.info('ticketing is migrated')
  } finally {
    await client.end()
  }
})
