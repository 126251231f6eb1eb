import pg from 'pg'
import { vi } from 'vitest'
import type { BookingDatabase } from './database.ts'

/** A statement of booking at which it is to be killed. */
export interface Statement {
  readonly table: string
  readonly operation: 'INSERT' | 'UPDATE'
  /** Condition on the row `NEW`; any row otherwise. */
  readonly when?: string
}

/** A place in the middle of a transaction where every process that gets there is stopped. */
export interface CrashPoint extends AsyncDisposable {
  /** Resolves when a transaction has been stopped there. */
  reached(): Promise<void>
}

/** Any number that booking does not use: advisory locks of two numbers have a space of their own. */
const LOCK = '7, 7'

/**
 * Stops the given statement of booking inside the database, by a trigger that waits for a lock. The process that sent
 * it can then be killed at exactly that point, without a word about tests in its code. Disposing of it lets others
 * pass.
 */
export async function crashPoint(database: BookingDatabase, statement: Statement): Promise<CrashPoint> {
  const { table, operation, when } = statement
  const holder = new pg.Client({ connectionString: database.ownerUrl })
  await holder.connect()
  await holder.query(`SELECT pg_advisory_lock(${LOCK})`)
  await database.asOwner(`
    CREATE OR REPLACE FUNCTION public.stop_here() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock(${LOCK}); RETURN NEW; END $$;
    CREATE TRIGGER stop_here BEFORE ${operation} ON ${table} FOR EACH ROW ${when ? `WHEN (${when})` : ''}
      EXECUTE FUNCTION public.stop_here()`)
  return {
    reached: () =>
      vi.waitFor(
        async () => {
          const waiting = await database.asOwner(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = 7 AND NOT granted",
          )
          if (waiting.length === 0) throw new Error(`no ${operation} of ${table} has got there`)
        },
        { timeout: 10_000, interval: 10 },
      ),
    async [Symbol.asyncDispose]() {
      // Processes that still wait continue; the transaction of a killed one ends.
      await holder.end()
      await database.asOwner(`DROP TRIGGER stop_here ON ${table}`)
    },
  }
}
