import type { Deadline, Queryable } from '@faultline/service-kit'
import type { TraceContext } from './orders.ts'

/** An event that became true and is to be published. */
export interface OutboxEvent {
  id: string
  subject: string
  payload: unknown
  /** Of the request that made it true. */
  traceContext: TraceContext
}

export interface StoredEvent extends OutboxEvent {
  /** Place in the order of writing; a bigint, hence text. */
  sequence: string
}

export async function add(
  on: Queryable,
  { id, subject, payload, traceContext }: OutboxEvent,
  deadline: Deadline,
): Promise<void> {
  const text = 'INSERT INTO outbox (id, subject, payload, trace_context) VALUES ($1, $2, $3, $4)'
  await on.query({ name: 'add-event', text, values: [id, subject, payload, traceContext] }, deadline)
}

export async function anyUnsent(on: Queryable, deadline: Deadline): Promise<boolean> {
  const text = 'SELECT FROM outbox WHERE sent_at IS NULL LIMIT 1'
  return (await on.query({ name: 'any-event-unsent', text, values: [] }, deadline)).length > 0
}

/** Unsent events, oldest first; nobody else gets them until the transaction ends. */
export function lockUnsent(on: Queryable, limit: number, deadline: Deadline): Promise<StoredEvent[]> {
  const text = `SELECT sequence, id, subject, payload, trace_context AS "traceContext" FROM outbox
                WHERE sent_at IS NULL ORDER BY sequence LIMIT $1 FOR UPDATE SKIP LOCKED`
  return on.query<StoredEvent>({ name: 'lock-unsent-events', text, values: [limit] }, deadline)
}

export async function markSent(
  on: Queryable,
  sequences: readonly string[],
  deadline: Deadline,
): Promise<void> {
  const text = 'UPDATE outbox SET sent_at = now() WHERE sequence = ANY($1::bigint[])'
  await on.query({ name: 'mark-events-sent', text, values: [sequences] }, deadline)
}

/** How many events wait, and the age of the oldest in seconds; 0 when there is none. */
export async function backlog(on: Queryable, deadline: Deadline) {
  const text = `SELECT count(*)::int AS count,
                       coalesce(extract(epoch FROM now() - min(created_at)), 0)::float AS "oldestSeconds"
                FROM outbox WHERE sent_at IS NULL`
  const [row] = await on.query<{ count: number; oldestSeconds: number }>(
    { name: 'outbox-backlog', text, values: [] },
    deadline,
  )
  return row ?? { count: 0, oldestSeconds: 0 }
}

const DELETE_SENT = `
  DELETE FROM outbox WHERE sequence IN (
    SELECT sequence FROM outbox WHERE sent_at < now() - make_interval(secs => $1)
    ORDER BY sent_at LIMIT $2 FOR UPDATE SKIP LOCKED
  ) RETURNING sequence`

/** Forgets events sent longer ago than that, some at a time. @returns how many */
export async function deleteSent(
  on: Queryable,
  olderThanSeconds: number,
  limit: number,
  deadline: Deadline,
): Promise<number> {
  const values = [olderThanSeconds, limit]
  return (await on.query({ name: 'delete-sent-events', text: DELETE_SENT, values }, deadline)).length
}
