import { ExponentialBackoff, handleWhen, retry } from 'cockatiel'
import pg from 'pg'
import { EnvironmentError } from '../config/run-main.ts'
import { failureOf } from '../postgres/failure.ts'

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
