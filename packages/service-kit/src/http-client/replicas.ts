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
  origin: string
  pool: Pool
  /** Without a limit of connections; made when it is first needed. */
  unboundedPool?: Pool
  breaker: CircuitBreakerPolicy
}

export class Replicas {
  private readonly replicas: readonly Replica[]
  private readonly maxResponseBytes: number
  private next = 0

  constructor(options: ReplicasOptions) {
    this.maxResponseBytes = options.maxResponseBytes
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
      return { origin, pool, breaker }
    })
  }

  /**
   * Runs an attempt on the next replica whose breaker lets it, one that this call has not tried yet if there is
   * any.
   *
   * @param tried the replicas that the call has tried; the one taken is added
   * @param guarded whether breakers are asked, and hear how it went
   * @returns undefined when every breaker is open
   */
  async attempt(
    tried: Set<number>,
    run: (replica: Dispatcher) => Promise<Outcome>,
    guarded = true,
  ): Promise<Outcome | undefined> {
    const start = this.turn()
    for (const retried of [false, true]) {
      for (let step = 0; step < this.replicas.length; step++) {
        const index = (start + step) % this.replicas.length
        const replica = this.replicas[index]
        if (!replica || tried.has(index) !== retried) continue
        if (!guarded) {
          tried.add(index)
          return run(replica.pool)
        }
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

  /** Runs an attempt on the next replica with nothing in its way: no breaker, and as many connections as it takes. */
  async attemptUnbounded(run: (replica: Dispatcher) => Promise<Outcome>): Promise<Outcome> {
    const replica = this.replicas[this.turn()]
    if (!replica) throw new Error('the dependency has no replica')
    replica.unboundedPool ??= new Pool(replica.origin, {
      connections: null,
      maxResponseSize: this.maxResponseBytes,
    })
    return run(replica.unboundedPool)
  }

  /** Closes all connections once the calls under way have ended. */
  async close(): Promise<void> {
    await Promise.all(
      this.replicas.flatMap(({ pool, unboundedPool }) => [pool.close(), unboundedPool?.close()]),
    )
  }

  private turn(): number {
    const index = this.next
    this.next = (this.next + 1) % this.replicas.length
    return index
  }
}

/** An answer that the replica worked out, even an error, says that it is alive. */
function isReplicaFailure({ failure }: Outcome): boolean {
  return failure === 'timeout' || failure === 'connection_failed' || failure === 'unavailable'
}
