/** One-shot: database, role, tables, demo users and first signing key of the gateway. Safe to repeat. */
import { connectOwner, loadConfig, loadMigrationConfig, runMain } from '@faultline/service-kit'
import { pino } from 'pino'
import { z } from 'zod'
import { migrateGateway } from './migration.ts'
import { seedUsers } from './seed.ts'

const schema = z.object({
  DEMO_PASSWORD: z
    .string()
    .min(8, 'is shorter than 8 characters')
    .default('faultline-demo')
    .meta({ description: "the password of the demonstration's users", example: 'faultline-demo' }),
})

await runMain(async () => {
  const config = loadMigrationConfig('gateway')
  const { DEMO_PASSWORD } = loadConfig(schema)
  const logger = pino({ level: process.env.LOG_LEVEL || 'info' })
  const client = await connectOwner(config.ownerUrl)
  try {
    await migrateGateway(client, config.password, logger)
    const seeded = await seedUsers(client, DEMO_PASSWORD)
    logger.info({ seeded }, 'gateway is migrated')
  } finally {
    await client.end()
  }
})
