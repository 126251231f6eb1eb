/** One-shot: database, role, tables and seed data of the catalog. Safe to repeat, quick when all is there. */
import { connectOwner, loadMigrationConfig, runMain } from '@faultline/service-kit'
import { pino } from 'pino'
import { migrateCatalog } from './migration.ts'
import { seed } from './seed.ts'

await runMain(async () => {
  const config = loadMigrationConfig('catalog')
  const logger = pino({ level: process.env.LOG_LEVEL || 'info' })
  const client = await connectOwner(config.ownerUrl)
  try {
    await migrateCatalog(client, config.password, logger)
    const startedAt = performance.now()
    const seeded = await seed(client)
    logger.info({ seeded, seconds: (performance.now() - startedAt) / 1_000 }, 'catalog is migrated')
  } finally {
    await client.end()
  }
})
