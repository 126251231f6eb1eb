import type { MetricsRegistry } from '@faultline/service-kit'
import pLimit from 'p-limit'
import { Gauge } from 'prom-client'

export interface WorkersOptions {
  /** Requests worked on at a time. */
  maxConcurrent: number
  register: MetricsRegistry
}

/** Runs work when a worker is free. */
export type Workers = <T>(work: () => Promise<T>) => Promise<T>

/**
 * A bounded number of workers before a queue that has no bound and does not notice who has gone: what is queued is
 * worked off in turn. This is what makes a storm of retries outlive its cause.
 */
export function createWorkers({ maxConcurrent, register }: WorkersOptions): Workers {
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
  return (work) => limit(work)
}
