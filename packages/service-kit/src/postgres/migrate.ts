import { ExponentialBackoff, handleWhen, retry } from 'cockatiel'
import { runner } from 'node-pg-migrate'
import pg, { type Client } from 'pg'
import { z } from 'zod'
import { EnvironmentError, loadConfig, postgresUrl } from '../service/config.ts'
import type { Logger } from '../telemetry-types.ts'
import { failureOf } from './database.ts'

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

/** SQLSTATE of a database that does not exist. */
const INVALID_CATALOG_NAME = '3D000'

/** SQLSTATEs of a database that is there already: committed, or being made by another migration right now. */
const EXISTS: readonly (string | undefined)[] = ['42P04', '23505']

/** How long one attempt to connect may take, in milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000

/** How long a server that does not answer yet is waited for, in milliseconds: a first start makes its cluster. */
const WAIT_MS = 120_000

/**
 * Connects as the owner; a database that is not there yet is created. A server that is not there yet, or is starting,
 * is waited for; a refused login ends at once.
 *
 * @param waitMs how long, in milliseconds
 * @throws EnvironmentError when the server cannot be reached in time or refuses the login
 */
export async function connectOwner(ownerUrl: string, waitMs = WAIT_MS): Promise<pg.Client> {
  try {
    return await waitFor(() => connect(ownerUrl), waitMs)
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === INVALID_CATALOG_NAME))
      throw unreachable(ownerUrl, error)
  }
  await createDatabase(ownerUrl)
  return connect(ownerUrl)
}

/** Tries again while the server is away. @throws the last failure */
async function waitFor<T>(attempt: () => Promise<T>, waitMs: number): Promise<T> {
  const deadline = performance.now() + waitMs
  const isAway = (error: unknown): boolean => {
    // what the client finds wrong by itself, such as a missing password, has neither
    const isOfNetwork =
      error instanceof Error && ('code' in error || /timeout|terminated/i.test(error.message))
    return performance.now() < deadline && isOfNetwork && failureOf(error) !== 'error_answer'
  }
  const patiently = retry(handleWhen(isAway), {
    maxAttempts: Number.MAX_SAFE_INTEGER,
    backoff: new ExponentialBackoff({ initialDelay: 100, maxDelay: 1_000 }),
  })
  return patiently.execute(attempt)
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  await client.connect()
  return client
}

async function createDatabase(ownerUrl: string): Promise<void> {
  const maintenance = new URL(ownerUrl)
  const name = decodeURIComponent(maintenance.pathname.slice(1))
  maintenance.pathname = '/postgres'
  const client = await connect(maintenance.href)
  try {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`)
  } catch (error) {
    // Services migrate side by side; whichever was quicker has made it.
    if (!(error instanceof pg.DatabaseError && EXISTS.includes(error.code))) throw error
  } finally {
    await client.end()
  }
}

function unreachable(ownerUrl: string, error: unknown): EnvironmentError {
  const { host } = new URL(ownerUrl)
  const cause =
    error instanceof Error ? error.message || (error as NodeJS.ErrnoException).code : String(error)
  return new EnvironmentError(
    `cannot connect to PostgreSQL at ${host}: ${cause}. Start it, or set DATABASE_OWNER_URL to where it is`,
  )
}
