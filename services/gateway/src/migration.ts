import { fileURLToPath } from 'node:url'
import { type MigrationOptions, migrate } from '@faultline/service-kit'
import type { Client } from 'pg'

/** The login role that the service uses; migrations grant rights to this name. */
export const SERVICE_ROLE = 'gateway_service'

const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url))

/** Makes the service's role, then applies the migrations that are missing. */
export async function migrateGateway(
  client: Client,
  password: string,
  logger: MigrationOptions['logger'],
): Promise<void> {
  await migrate({ client, service: 'gateway', password, directory: MIGRATIONS, logger })
}
