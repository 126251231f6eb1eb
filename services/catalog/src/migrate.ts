/** One-shot: database, role, tables and seed data of the catalog. Safe to repeat, quick when all is there. */
import { runMain } from '@faultline/service-kit'
import { pino } from 'pino'
import { connectOwner } from './migration/database.ts'
import { ensureServiceRole, migrate } from './migration/migrate.ts'
import { loadMigrationConfig } from './migration-config.ts'
import { seed } from './seed/seed.ts'

await runMain(async () => {
  const config = loadMigrationConfig()
  const logger = pino({ level: process.env.LOG_LEVEL || 'info' })
  const client = await connectOwner(config.ownerUrl)
  try {
    await ensureServiceRole(client, config.servicePassword)
    await migrate(client, logger)
    const startedAt = performance.now()
    const seeded = await seed(client)
    logger.info({ seeded, seconds: (performance.now() - startedAt) / 1_000 }, 'catalog is migrated')
  } finally {
    await client.end()
  }
})
