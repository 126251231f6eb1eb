import { runner } from 'node-pg-migrate'
import type { Client } from 'pg'
import type { Logger } from '../telemetry-types.ts'

export interface MigrationOptions {
  client: Client
  /** The service's schema: its tables, functions and migration records are in it. */
  schema: string
  /** Folder of the migrations. */
  directory: string
  logger: Pick<Logger, 'info' | 'debug' | 'error' | 'warn'>
}

/** Applies the migrations that are missing, in one transaction, under a lock; quick when none is. */
export async function migrate({ client, schema, directory, logger }: MigrationOptions): Promise<void> {
  await runner({
    dbClient: client,
    dir: directory,
    direction: 'up',
    schema,
    createSchema: true,
    migrationsTable: 'migrations',
    // Each service has its own records, but the lock is one for the database: who comes second waits.
    migrationsSchema: schema,
    advisoryLockMode: 'wait',
    logger: {
      debug: (message) => logger.debug(message),
      info: (message) => logger.debug(message),
      warn: (message) => logger.warn(message),
      error: (message) => logger.error(message),
    },
  })
}

/**
 * Makes sure that a service's login role exists and has the given password. It owns nothing, cannot create
 * anything, and gets its rights from the migrations.
 */
export async function ensureServiceRole(
  client: Client,
  { role, password, schema }: { role: string; password: string; schema: string },
): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role])
  const name = client.escapeIdentifier(role)
  if (rowCount === 0) await client.query(`CREATE ROLE ${name}`)
  // DDL takes no parameters, hence the escaping.
  await client.query(
    `ALTER ROLE ${name} WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION
     PASSWORD ${client.escapeLiteral(password)}`,
  )
  await client.query(`ALTER ROLE ${name} SET search_path = ${client.escapeIdentifier(schema)}`)
}
