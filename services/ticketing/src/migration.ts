import { fileURLToPath } from 'node:url'
import { ensureServiceRole, type MigrationOptions, migrate } from '@faultline/service-kit'
import type { Client } from 'pg'

/** The login role that the service uses; migrations grant rights to this name. */
export const SERVICE_ROLE = 'ticketing_service'

const SCHEMA = 'ticketing'
const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url))

/** Makes the service's role, then applies the migrations that are missing. */
export async function migrateTicketing(
  client: Client,
  password: string,
  logger: MigrationOptions['logger'],
): Promise<void> {
  await ensureServiceRole(client, { role: SERVICE_ROLE, password, schema: SCHEMA })
  await migrate({ client, schema: SCHEMA, directory: MIGRATIONS, logger })
}
