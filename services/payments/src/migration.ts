import { fileURLToPath } from 'node:url'
import { ensureServiceRole, type MigrationOptions, migrate } from '@faultline/service-kit'
import type { Client } from 'pg'

/** The login role that the service uses; migrations grant rights to this name. */
export const SERVICE_ROLE = 'payments_service'

const SCHEMA = 'payments'
const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url))

/** Makes the service's role, then applies the migrations that are missing. */
export async function migratePayments(
  client: Client,
  password: string,
  logger: MigrationOptions['logger'],
): Promise<void> {
  await ensureServiceRole(client, { role: SERVICE_ROLE, password, schema: SCHEMA })
  await migrate({ client, schema: SCHEMA, directory: MIGRATIONS, logger })
}
