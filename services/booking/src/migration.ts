import { fileURLToPath } from 'node:url'
import { EnvironmentError, type MigrationOptions, migrate } from '@faultline/service-kit'
import type { Client } from 'pg'

/** The login role that the service uses; migrations grant rights to this name. */
export const SERVICE_ROLE = 'booking_service'

const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url))

/**
 * Makes the service's role, then applies the migrations that are missing.
 *
 * @throws EnvironmentError when the catalog, whose seats booking sells, is not there yet
 */
export async function migrateBooking(
  client: Client,
  password: string,
  logger: MigrationOptions['logger'],
): Promise<void> {
  const { rows } = await client.query<{ there: boolean }>(
    "SELECT to_regclass('catalog.seats') IS NOT NULL AS there",
  )
  if (!rows[0]?.there) {
    throw new EnvironmentError(
      'the database has no catalog.seats, which booking sells. Migrate the catalog first: node services/catalog/src/migrate.ts',
    )
  }
  await migrate({ client, service: 'booking', password, directory: MIGRATIONS, logger })
}
