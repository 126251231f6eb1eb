import type { Client } from 'pg'

/** Memory for building indexes inside the transaction; the default of 64 MB sorts half a million rows on disk. */
const MAINTENANCE_WORK_MEM = '256MB'

/**
 * Fills a table while its indexes, keys and foreign keys are away, then makes them again as they were: checking
 * and sorting once at the end is about four times faster than row by row. Must run in a transaction, so that
 * nobody sees the table without them and a failure brings them back.
 *
 * @param table qualified name, known at development time
 * @see https://www.postgresql.org/docs/current/populate.html
 */
export async function bulkLoad(client: Client, table: string, load: () => Promise<void>): Promise<void> {
  const constraints = await client.query<{ name: string; definition: string }>(
    `SELECT quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition
     FROM pg_constraint WHERE conrelid = $1::regclass AND contype IN ('p', 'u', 'f') ORDER BY contype DESC`,
    [table],
  )
  const indexes = await client.query<{ name: string; definition: string }>(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
     FROM pg_index LEFT JOIN pg_constraint ON conindid = indexrelid
     WHERE indrelid = $1::regclass AND conindid IS NULL`,
    [table],
  )
  for (const { name } of constraints.rows) await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`)
  for (const { name } of indexes.rows) await client.query(`DROP INDEX ${name}`)

  await load()

  await client.query(`SET LOCAL maintenance_work_mem = '${MAINTENANCE_WORK_MEM}'`)
  for (const { definition } of indexes.rows) await client.query(definition)
  for (const { name, definition } of constraints.rows) {
    await client.query(`ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}`)
  }
}
