/**
 * The replicas of a dependency: one undici pool and one circuit breaker each, taken in turn.
 *
 * undici's BalancedPool is not enough behind a layer 4 proxy: it takes a replica's weight from connections made
 * and lost, and the proxy accepts connections for a dead replica; nor does it let a retry go to another replica.
 */
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhenResult,
} from 'cockatiel'
import { type Dispatcher, Pool } from 'undici'
import type { Outcome } from './attempt.ts'

export interface ReplicasOptions {
  origins: readonly string[]
  /** Failures of a replica in a row after which it gets no calls. */
  breakerThreshold: number
  /** How long it gets none, before one call tries it, in milliseconds. */
  halfOpenAfterMs: number
  /** Connections to a replica, at most. */
  connections: number
  /** Longest answer read, in bytes. */
  maxResponseBytes: number
  onStateChange: (replica: number, state: CircuitState) => void
}

interface Replica {
  pool: Pool
  breaker: CircuitBreakerPolicy
}

export class Replicas {
  private readonly replicas: readonly Replica[]
  private next = 0

  constructor(options: ReplicasOptions) {
    this.replicas = options.origins.map((origin, index) => {
      const breaker = circuitBreaker(
        handleWhenResult((outcome) => isReplicaFailure(outcome as Outcome)),
        {
          halfOpenAfter: options.halfOpenAfterMs,
          breaker: new ConsecutiveBreaker(options.breakerThreshold),
        },
      )
      breaker.onStateChange((state) => options.onStateChange(index, state))
      const pool = new Pool(origin, {
        connections: options.connections,
        maxResponseSize: options.maxResponseBytes,
      })
      return { pool, breaker }
    })
  }

  /**
   * Runs an attempt on the next replica whose breaker lets it, one that this call has not tried yet if there is
   * any.
   *
   * @param tried the replicas that the call has tried; the one taken is added
   * @returns undefined when every breaker is open
   */
  async attempt(
    tried: Set<number>,
    run: (replica: Dispatcher) => Promise<Outcome>,
  ): Promise<Outcome | undefined> {
    const start = this.next
    this.next = (this.next + 1) % this.replicas.length
    for (const retried of [false, true]) {
      for (let step = 0; step < this.replicas.length; step++) {
        const index = (start + step) % this.replicas.length
        const replica = this.replicas[index]
        if (!replica || tried.has(index) !== retried) continue
        // A half-open breaker makes other calls wait for the one that tries the replica: better go elsewhere.
        if (replica.breaker.state === CircuitState.HalfOpen) continue
        try {
          return await replica.breaker.execute(() => {
            tried.add(index)
            return run(replica.pool)
          })
        } catch (error) {
          if (!(error instanceof BrokenCircuitError)) throw error
        }
      }
    }
    return undefined
  }

  /** Closes all connections once the calls under way have ended. */
  async close(): Promise<void> {
    await Promise.all(this.replicas.map(({ pool }) => pool.close()))
  }
}

/** An answer that the replica worked out, even an error, says that it is alive. */
function isReplicaFailure({ failure }: Outcome): boolean {
  return failure === 'timeout' || failure === 'connection_failed' || failure === 'unavailable'
}
