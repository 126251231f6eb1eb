import { fileURLToPath } from 'node:url'
import type { Logger } from '@faultline/service-kit'
import { runner } from 'node-pg-migrate'
import type { Client } from 'pg'
import { SERVICE_ROLE } from '../migration-config.ts'

/** Every table, function and migration record of the catalog is in this schema. */
export const SCHEMA = 'catalog'

const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url))

/** Applies the migrations that are missing, in one transaction, under a lock; quick when none is. */
export async function migrate(
  client: Client,
  logger: Pick<Logger, 'info' | 'debug' | 'error' | 'warn'>,
): Promise<void> {
  await runner({
    dbClient: client,
    dir: MIGRATIONS,
    direction: 'up',
    schema: SCHEMA,
    createSchema: true,
    migrationsTable: 'migrations',
    logger: {
      debug: (message) => logger.debug(message),
      info: (message) => logger.debug(message),
      warn: (message) => logger.warn(message),
      error: (message) => logger.error(message),
    },
  })
}

/**
 * Makes sure that the service's login role exists and has the given password. It owns nothing, cannot create
 * anything, and gets its rights from the migrations.
 */
export async function ensureServiceRole(client: Client, password: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [SERVICE_ROLE])
  const role = client.escapeIdentifier(SERVICE_ROLE)
  if (rowCount === 0) await client.query(`CREATE ROLE ${role}`)
  // DDL takes no parameters, hence the escaping.
  await client.query(
    `ALTER ROLE ${role} WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION
     PASSWORD ${client.escapeLiteral(password)}`,
  )
  await client.query(`ALTER ROLE ${role} SET search_path = ${SCHEMA}`)
}
