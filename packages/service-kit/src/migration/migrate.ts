import { runner } from 'node-pg-migrate'
import type { Client } from 'pg'
import { z } from 'zod'
import { loadConfig } from '../config/load-config.ts'
import { postgresUrl } from '../config/variables.ts'
import type { Logger } from '../telemetry-types.ts'

/** A service's schema in the database: it has the service's name. */
const schemaOf = (service: string): string => service.replaceAll('-', '_')

/** The login role that a service uses; its migrations grant rights to this name. */
export const roleOf = (service: string): string => `${schemaOf(service)}_service`

/**
 * How the migration of a service reaches the database, and the password that its role gets: `DATABASE_OWNER_URL` and
 * `DATABASE_URL`.
 *
 * @throws ConfigurationError naming every wrong variable
 */
export function loadMigrationConfig(service: string, env: NodeJS.ProcessEnv = process.env) {
  const role = roleOf(service)
  const schema = z.object({
    DATABASE_OWNER_URL: postgresUrl(
      'the URL of the database with a role that may create roles and schemas',
      'postgres://postgres:secret@127.0.0.1:5432/box_office',
    ),
    DATABASE_URL: postgresUrl(
      `the URL that the service uses: its role must be ${role} and gets the password given there`,
      `postgres://${role}:secret@127.0.0.1:15432/box_office`,
    ).refine((url) => {
      const parsed = URL.parse(url)
      return parsed?.username === role && parsed.password !== ''
    }, `does not name the role ${role} with a password`),
  })
  const { DATABASE_OWNER_URL, DATABASE_URL } = loadConfig(schema, env)
  const password = decodeURIComponent(new URL(DATABASE_URL).password)
  return { ownerUrl: DATABASE_OWNER_URL, password }
}

export interface MigrationOptions {
  client: Client
  /** Name of the service: its tables, functions and migration records are in the schema of that name. */
  service: string
  /** Password that the service's role gets. */
  password: string
  /** Folder of the migrations. */
  directory: string
  logger: Pick<Logger, 'info' | 'debug' | 'error' | 'warn'>
}

/**
 * Makes the service's role, then applies the migrations that are missing, in one transaction, under a lock; quick when
 * none is.
 */
export async function migrate(options: MigrationOptions): Promise<void> {
  const { client, service, password, directory, logger } = options
  const schema = schemaOf(service)
  await ensureRole(client, { role: roleOf(service), password, schema })
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
async function ensureRole(
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
