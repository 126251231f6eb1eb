import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { Deadline } from '../deadline/deadline.ts'
import type { Logger, MetricsRegistry } from '../telemetry-types.ts'
import { type ConnectionMetrics, connectionMetrics } from './metrics.ts'

export interface NatsOptions {
  /** `nats://host:port` */
  url: string
  /** Name of the connection in the server's monitoring: the service instance's. */
  name: string
  logger: Logger
  register: MetricsRegistry
  /** Pause before another attempt to connect, in milliseconds; a random part of it comes on top. */
  retryMs?: number
  /** How long an attempt to connect may take, in milliseconds. */
  connectTimeoutMs?: number
  /** Pause between two pings, in milliseconds; two unanswered ones end a connection that a proxy has cut silently. */
  pingIntervalMs?: number
  /** How long messages under way may take when it is closed, in milliseconds. */
  drainTimeoutMs?: number
}

export const natsDefaults = {
  retryMs: 200,
  connectTimeoutMs: 2_000,
  pingIntervalMs: 2_000,
  drainTimeoutMs: 3_000,
} satisfies Partial<NatsOptions>

/** The broker as a service holds it: it may be away at any time, also at the start. */
export interface Nats {
  /** Whether there is a connection now. */
  readonly connected: boolean
  /**
   * The connection, once there is one for the first time. The client buffers what is published while the server is
   * away and subscribes again when it is back.
   *
   * @throws NatsClosedError when this was closed
   */
  connection(): Promise<NatsConnection>
  /** Calls `listener` whenever a lost connection is there again. @returns what ends that */
  onReconnect(listener: () => void): () => void
  /** Rejects while there is no connection; for a health check that is only observed. */
  check(): Promise<void>
  /** Aborted when this is closed: ends what waits for the broker. */
  readonly closing: AbortSignal
  /** Lets subscriptions and publishing finish, in bounded time, then closes. */
  close(): Promise<void>
}

/** The broker was asked of after it had been closed. */
export class NatsClosedError extends Error {
  override readonly name = 'NatsClosedError'

  constructor() {
    super('the connection to NATS is closed')
  }
}

/** Starts to connect and returns at once. It tries for ever: at the start as after a loss. */
export function connectNats(options: NatsOptions): Nats {
  return new ReconnectingNats({ ...natsDefaults, ...options })
}

class ReconnectingNats implements Nats {
  readonly #settings: Required<NatsOptions>
  readonly #metrics: ConnectionMetrics
  readonly #closing = new AbortController()
  readonly #listeners = new Set<() => void>()
  readonly #first: Promise<NatsConnection>
  #connection: NatsConnection | undefined
  #connected = false

  constructor(settings: Required<NatsOptions>) {
    this.#settings = settings
    this.#metrics = connectionMetrics(settings.register)
    this.#metrics.connected.set(0)
    this.#first = this.#dial()
    // Nobody may be waiting when it is closed before it was ever connected.
    this.#first.catch(() => undefined)
  }

  get connected(): boolean {
    return this.#connected
  }

  get closing(): AbortSignal {
    return this.#closing.signal
  }

  async connection(): Promise<NatsConnection> {
    if (this.#closing.signal.aborted) throw new NatsClosedError()
    return this.#connection ?? (await this.#first)
  }

  onReconnect(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async check(): Promise<void> {
    if (!this.#connected) throw new Error('not connected')
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    const connection = await this.#first.catch(() => undefined)
    if (!connection || connection.isClosed()) return
    try {
      // A drain waits for the server's answer, which does not come while it is away.
      if (this.#connected) await Deadline.after(this.#settings.drainTimeoutMs).race(connection.drain())
    } catch (error) {
      this.#settings.logger.warn({ err: error }, 'NATS was closed with messages under way')
    } finally {
      await connection.close()
    }
  }

  async #dial(): Promise<NatsConnection> {
    const { url, name, logger, retryMs, connectTimeoutMs, pingIntervalMs } = this.#settings
    for (let attempt = 1; ; attempt += 1) {
      if (this.#closing.signal.aborted) throw new NatsClosedError()
      try {
        const connection = await connect({
          servers: url,
          name,
          timeout: connectTimeoutMs,
          pingInterval: pingIntervalMs,
          maxPingOut: 2,
          maxReconnectAttempts: -1,
          reconnectTimeWait: retryMs,
          reconnectJitter: retryMs,
          // The server tells of its own address, which would go past the proxy.
          ignoreClusterUpdates: true,
          // The client would otherwise give up after two refusals, as during a rotation of credentials.
          ignoreAuthErrorAbort: true,
        })
        if (this.#closing.signal.aborted) {
          await connection.close()
          throw new NatsClosedError()
        }
        this.#connection = connection
        this.#up()
        logger.info({ attempt }, 'connected to NATS')
        void this.#follow(connection)
        return connection
      } catch (error) {
        if (error instanceof NatsClosedError) throw error
        if (attempt === 1) logger.warn({ err: error }, 'NATS is away; trying until it is there')
        await this.#pause(retryMs * (1 + Math.random()))
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined)
  }

  /** Keeps the state true until the connection is closed. */
  async #follow(connection: NatsConnection): Promise<void> {
    const { logger } = this.#settings
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') {
        this.#down()
        if (!this.#closing.signal.aborted) logger.warn('connection to NATS lost; trying to get it back')
      } else if (status.type === 'reconnect') {
        this.#up()
        this.#metrics.reconnects.inc()
        logger.info('connected to NATS again')
        for (const listener of this.#listeners) listener()
      } else if (status.type === 'error') {
        logger.warn({ err: status.error }, 'NATS reported an error')
      }
    }
    this.#down()
  }

  #up(): void {
    this.#connected = true
    this.#metrics.connected.set(1)
  }

  #down(): void {
    this.#connected = false
    this.#metrics.connected.set(0)
  }
}
