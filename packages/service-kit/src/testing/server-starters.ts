import type { TestNats } from './nats.ts'
import type { TestPostgres } from './postgres.ts'

/** Where tests get their servers from. */
export interface ServerStarters {
  postgres?: () => Promise<TestPostgres>
  nats?: () => Promise<TestNats>
}

/**
 * What takes the place of the servers that are processes of this machine. A set-up file of a test run fills it in, so
 * that the same tests run on servers in containers as well.
 */
export const serverStarters: ServerStarters = {}
