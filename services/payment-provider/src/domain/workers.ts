import type { MetricsRegistry } from '@faultline/service-kit'
import pLimit from 'p-limit'
import { Counter, Gauge } from 'prom-client'

/** Too many requests wait already; this one was not looked at. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError'
}

export interface WorkersOptions {
  /** Requests worked on at a time. */
  maxConcurrent: number
  /** Requests that wait, at most; further ones are turned away. */
  maxQueued: number
  register: MetricsRegistry
}

export type Workers = ReturnType<typeof createWorkers>

/**
 * A bounded number of workers behind a queue that is far too long and does not notice who has gone: what is queued is
 * worked off in turn, for seconds after the last caller has given up. This is what makes a storm of retries outlive its
 * cause; that the queue ends somewhere is what lets the storm end soon after the retries do.
 *
 * @returns runs work when a worker is free; throws OverloadedError when too many wait
 */
export function createWorkers({ maxConcurrent, maxQueued, register }: WorkersOptions) {
  const limit = pLimit(maxConcurrent)
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [register],
      collect() {
        this.set(read())
      },
    })
  gauge('payment_provider_queue_length', 'Requests that wait for a worker', () => limit.pendingCount)
  gauge('payment_provider_workers_busy', 'Workers that have a request', () => limit.activeCount)
  gauge('payment_provider_workers', 'Workers that there are', () => maxConcurrent)
  const rejected = new Counter({
    name: 'payment_provider_rejected_requests_total',
    help: 'Requests turned away because too many waited for a worker',
    registers: [register],
  })
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (limit.pendingCount >= maxQueued) {
      rejected.inc()
      throw new OverloadedError()
    }
    return limit(work)
  }
}
