import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { Counter, Gauge } from 'prom-client'
import { Deadline } from '../app/deadline.ts'
import { type Logger, type MetricsRegistry, oncePerRegistry } from '../telemetry-types.ts'

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
}

/** Pause between two pings, in milliseconds; two unanswered ones end a connection that a proxy has cut silently. */
const PING_INTERVAL_MS = 2_000

/** How long messages under way may take when it is closed, in milliseconds. */
const DRAIN_TIMEOUT_MS = 3_000

const natsDefaults = {
  retryMs: 200,
  connectTimeoutMs: 2_000,
} satisfies Partial<NatsOptions>

/** The broker as a service holds it: it may be away at any time, also at the start. */
export interface Nats {
  /** Whether there is a connection now. */
  readonly connected: boolean
  /**
   * A connection that is there: at once, or as soon as the broker is. One that is lost is closed for good, and with
   * it what was asked or subscribed over it; so ask for it each time, and again after a failure.
   *
   * @param signal ends the wait
   * @throws NatsClosedError when this was closed; the signal's reason when that was aborted
   */
  connection(signal?: AbortSignal): Promise<NatsConnection>
  /** Calls `listener` whenever there is a connection again after a loss. @returns what ends that */
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
  readonly #metrics: ReturnType<typeof connectionMetrics>
  readonly #closing = new AbortController()
  readonly #listeners = new Set<() => void>()
  readonly #ended: Promise<void>
  /** The current one, or the last. */
  #connection: NatsConnection | undefined
  #next = Promise.withResolvers<NatsConnection>()

  constructor(settings: Required<NatsOptions>) {
    this.#settings = settings
    this.#metrics = connectionMetrics(settings.register)
    this.#metrics.connected.set(0)
    this.#ended = this.#keepConnected()
  }

  get connected(): boolean {
    return this.#connection?.isClosed() === false
  }

  get closing(): AbortSignal {
    return this.#closing.signal
  }

  async connection(signal?: AbortSignal): Promise<NatsConnection> {
    this.#closing.signal.throwIfAborted()
    signal?.throwIfAborted()
    if (this.#connection?.isClosed() === false) return this.#connection
    const ended = signal ? AbortSignal.any([this.#closing.signal, signal]) : this.#closing.signal
    const { promise, reject } = Promise.withResolvers<never>()
    const end = (): void => reject(ended.reason)
    ended.addEventListener('abort', end, { once: true })
    try {
      return await Promise.race([this.#next.promise, promise])
    } finally {
      ended.removeEventListener('abort', end)
    }
  }

  onReconnect(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async check(): Promise<void> {
    if (!this.connected) throw new Error('not connected')
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(new NatsClosedError())
    const connection = this.#connection
    if (connection?.isClosed() === false) {
      try {
        // A drain waits for the server's answer, which does not come when it is lost meanwhile.
        const drained = Promise.race([connection.drain(), connection.closed()])
        await Deadline.after(DRAIN_TIMEOUT_MS).race(drained)
      } catch (error) {
        this.#settings.logger.warn({ err: error }, 'NATS was closed with messages under way')
      } finally {
        await connection.close()
      }
    }
    await this.#ended
  }

  /** Dials, and again after each loss, until this is closed. */
  async #keepConnected(): Promise<void> {
    const { logger, retryMs } = this.#settings
    const { signal } = this.#closing
    for (let losses = 0; ; losses += 1) {
      const connection = await this.#dial()
      if (!connection) return
      if (signal.aborted) return connection.close()
      this.#up(connection, losses > 0)
      void this.#logErrors(connection)
      const error = await connection.closed()
      this.#metrics.connected.set(0)
      if (signal.aborted) return
      logger.warn({ err: error }, 'connection to NATS lost; trying to get it back')
      // A server that ends each connection at once must not be dialled without a pause.
      await this.#pause(retryMs)
    }
  }

  /** @returns undefined when this was closed before there was a connection */
  async #dial(): Promise<NatsConnection | undefined> {
    const { url, name, logger, retryMs, connectTimeoutMs } = this.#settings
    const { signal } = this.#closing
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        return await connect({
          servers: url,
          name,
          timeout: connectTimeoutMs,
          pingInterval: PING_INTERVAL_MS,
          maxPingOut: 2,
          // The client's own reconnect drops without a word what is asked while it dials (nats-io/nats.js#213) and
          // what was under way, so that requests wait for their timeouts. A closed connection fails them at once.
          reconnect: false,
          // The first attempt alone, for its reason. The others in one call, as an attempt that times out leaves its
          // socket open until the same call's next one (nats-io/nats.js#64).
          waitOnFirstConnect: attempt > 1,
          // The server tells of its own address, which would go past the proxy.
          ignoreClusterUpdates: true,
          // The client would otherwise give up after two refusals, as during a rotation of credentials.
          ignoreAuthErrorAbort: true,
          reconnectDelayHandler() {
            // The only way to end the attempts from outside.
            signal.throwIfAborted()
            return withJitter(retryMs)
          },
        })
      } catch (error) {
        if (attempt === 1 && !signal.aborted)
          logger.warn({ err: error }, 'NATS is away; trying until it is there')
        await this.#pause(retryMs)
      }
    }
    return undefined
  }

  /** Until the connection is closed. */
  async #logErrors(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type !== 'error') continue
      this.#settings.logger.warn({ err: status.error }, 'NATS reported an error')
    }
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#closing
    await sleep(withJitter(ms), undefined, { signal, ref: false }).catch(() => undefined)
  }

  #up(connection: NatsConnection, again: boolean): void {
    this.#connection = connection
    this.#next.resolve(connection)
    this.#next = Promise.withResolvers()
    this.#metrics.connected.set(1)
    if (!again) {
      this.#settings.logger.info('connected to NATS')
      return
    }
    this.#settings.logger.info('connected to NATS again')
    this.#metrics.reconnects.inc()
    for (const listener of this.#listeners) listener()
  }
}

function withJitter(ms: number): number {
  return ms * (1 + Math.random())
}

const connectionMetrics = oncePerRegistry((register) => ({
  connected: new Gauge({
    name: 'nats_client_connected',
    help: '1 while there is a connection to NATS',
    registers: [register],
  }),
  reconnects: new Counter({
    name: 'nats_client_reconnects_total',
    help: 'Times that a lost connection to NATS was there again',
    registers: [register],
  }),
}))
