import { Deadline, type Logger } from '@faultline/service-kit'
import pg from 'pg'
import { z } from 'zod'

/** What the database tells when a row changed; see the trigger in the migrations. */
const notificationSchema = z.object({ entity: z.literal('concert'), id: z.uuid() })

const CHANNEL = 'catalog_invalidation'

export interface InvalidationListenerOptions {
  url: string
  logger: Logger
  /** A concert has changed, in this replica or elsewhere. */
  onConcertChanged: (id: string) => void
  /** Changes may have been missed: whatever is cached may be old. */
  onGap: () => void
  /** Pause before connecting again, in milliseconds. */
  reconnectDelayMs?: number
  /** How often the connection is tried, in milliseconds: a dead peer sends no notification and no error. */
  heartbeatMs?: number
}

export const invalidationDefaults = {
  reconnectDelayMs: 1_000,
  heartbeatMs: 5_000,
} satisfies Partial<InvalidationListenerOptions>

/** Longest that connecting or a heartbeat may take, in milliseconds. */
const TIMEOUT_MS = 2_000

/**
 * Listens for changes on a connection of its own, made again for as long as the service runs.
 *
 * @see https://www.postgresql.org/docs/current/sql-notify.html (delivered after commit, in order)
 */
export class InvalidationListener {
  private readonly options: InvalidationListenerOptions
  private client: pg.Client | undefined
  private timer: NodeJS.Timeout | undefined
  private stopped = false

  constructor(options: InvalidationListenerOptions) {
    this.options = options
  }

  /** Begins to listen; resolves after the first attempt, whether it worked or not. */
  async start(): Promise<void> {
    await this.connect()
  }

  async stop(): Promise<void> {
    this.stopped = true
    clearTimeout(this.timer)
    const { client } = this
    this.client = undefined
    // A dead peer must not hold up the end of the process.
    if (client)
      await Deadline.after(TIMEOUT_MS)
        .race(client.end())
        .catch(() => undefined)
  }

  private async connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.options.url,
      connectionTimeoutMillis: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
      keepAlive: true,
      application_name: 'catalog invalidations',
    })
    client.on('error', (error) => this.lost(client, error))
    client.on('end', () => this.lost(client, new Error('connection ended')))
    client.on('notification', ({ payload }) => this.receive(payload))
    this.client = client
    try {
      await client.connect()
      await client.query(`LISTEN ${CHANNEL}`)
      // Only now: what changed before was not told on this connection.
      this.options.onGap()
      this.scheduleHeartbeat(client)
    } catch (error) {
      this.lost(client, error)
    }
  }

  private scheduleHeartbeat(client: pg.Client): void {
    if (this.client !== client) return
    this.timer = setTimeout(() => {
      client.query('SELECT 1').then(
        () => this.scheduleHeartbeat(client),
        (error: unknown) => this.lost(client, error),
      )
    }, this.options.heartbeatMs ?? invalidationDefaults.heartbeatMs)
  }

  /** May be told several times of the same connection. */
  private lost(client: pg.Client, error: unknown): void {
    if (this.client !== client) return
    this.client = undefined
    clearTimeout(this.timer)
    client.end().catch(() => undefined)
    if (this.stopped) return
    this.options.logger.warn({ err: error }, 'not listening for changes; connecting again')
    this.timer = setTimeout(
      () => void this.connect(),
      this.options.reconnectDelayMs ?? invalidationDefaults.reconnectDelayMs,
    )
  }

  private receive(payload: string | undefined): void {
    const notification = notificationSchema.safeParse(parseJson(payload))
    if (notification.success) {
      this.options.onConcertChanged(notification.data.id)
      return
    }
    this.options.logger.warn('a notification of a change could not be read')
    this.options.onGap()
  }
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}
