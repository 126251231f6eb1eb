import { fileURLToPath } from 'node:url'
import { type MigrationOptions, migrate } from '@faultline/service-kit'
import type { Client } from 'pg'

/** The login role that the service uses; migrations grant rights to this name. */
export const SERVICE_ROLE = 'catalog_service'

const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url))

/** Makes the service's role, then applies the migrations that are missing. */
export async function migrateCatalog(
  client: Client,
  password: string,
  logger: MigrationOptions['logger'],
): Promise<void> {
  await migrate({ client, service: 'catalog', password, directory: MIGRATIONS, logger })
}
