import { setTimeout as sleep } from 'node:timers/promises'
import { Deadline, type Logger } from '@faultline/service-kit'
import pg from 'pg'
import { z } from 'zod'

/** What the database says when a row changed; see the trigger in the migrations. */
const notificationSchema = z.object({ entity: z.literal('concert'), id: z.uuid() })

const CHANNEL = 'catalog_invalidation'
/** Pause before connecting again, in milliseconds. */
const RECONNECT_DELAY_MS = 1_000
/** How often the connection is tried, in milliseconds: a dead peer sends no notification and no error. */
const HEARTBEAT_MS = 5_000
/** Longest that connecting or a heartbeat may take, in milliseconds. */
const TIMEOUT_MS = 2_000

export interface InvalidationsOptions {
  url: string
  logger: Logger
  /** A concert has changed, in this replica or elsewhere. */
  onConcertChanged: (id: string) => void
  /** Changes may have been missed: whatever is cached may be old. */
  onGap: () => void
}

/**
 * Listens for changes on a connection of its own, made again for as long as the service runs.
 *
 * @see https://www.postgresql.org/docs/current/sql-notify.html (delivered after commit, in order)
 */
export function createInvalidations({ url, logger, onConcertChanged, onGap }: InvalidationsOptions) {
  const stopping = new AbortController()
  const { signal } = stopping
  let running: Promise<void> | undefined

  function receive(payload: string | undefined): void {
    try {
      onConcertChanged(notificationSchema.parse(JSON.parse(payload ?? '')).id)
    } catch {
      logger.warn('a notification of a change could not be read')
      onGap()
    }
  }

  /** Listens on one connection until it breaks. */
  async function listen(onListening: () => void): Promise<never> {
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
      keepAlive: true,
      application_name: 'catalog invalidations',
    })
    const broken = Promise.withResolvers<never>()
    broken.promise.catch(() => undefined)
    client.on('error', broken.reject)
    client.on('end', () => broken.reject(new Error('connection ended')))
    client.on('notification', ({ payload }) => receive(payload))
    try {
      await client.connect()
      await client.query(`LISTEN ${CHANNEL}`)
      // Only now: what changed before was not announced on this connection.
      onGap()
      onListening()
      for (;;) {
        await Promise.race([broken.promise, sleep(HEARTBEAT_MS, undefined, { signal, ref: false })])
        await client.query('SELECT 1')
      }
    } finally {
      // A dead peer must not hold up the next connection, nor the end of the process.
      const ended = Deadline.after(TIMEOUT_MS)
        .race(client.end())
        .catch(() => undefined)
      if (signal.aborted) await ended
    }
  }

  async function run(onFirstAttempt: () => void): Promise<void> {
    while (!signal.aborted) {
      await listen(onFirstAttempt).catch((error: unknown) => {
        if (!signal.aborted) logger.warn({ err: error }, 'not listening for changes; connecting again')
      })
      onFirstAttempt()
      await sleep(RECONNECT_DELAY_MS, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }

  return {
    /** Begins to listen; resolves after the first attempt, whether it worked or not. */
    start: () =>
      new Promise<void>((resolve) => {
        running ??= run(resolve)
      }),
    async stop(): Promise<void> {
      stopping.abort()
      await running
    },
  }
}
