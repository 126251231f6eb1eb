/** One-shot: database, role and tables of payments. Safe to repeat, quick when all is there. */
import { connectOwner, loadMigrationConfig, runMain } from '@faultline/service-kit'
import { pino } from 'pino'
import { migratePayments, SERVICE_ROLE } from './migration.ts'

await runMain(async () => {
  const config = loadMigrationConfig(SERVICE_ROLE)
  const logger = pino({ level: process.env.LOG_LEVEL || 'info' })
  const client = await connectOwner(config.ownerUrl)
  try {
    await migratePayments(client, config.servicePassword, logger)
    logger.info('payments is migrated')
  } finally {
    await client.end()
  }
})
