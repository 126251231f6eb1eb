import type { MetricsRegistry } from '@faultline/service-kit'
import { Counter } from 'prom-client'

export interface ProviderMetrics {
  charges: Counter<'status'>
  failures: Counter<'kind'>
  abandoned: Counter
}

export function createProviderMetrics(register: MetricsRegistry): ProviderMetrics {
  const registers = [register]
  const metrics: ProviderMetrics = {
    charges: new Counter({
      name: 'payment_provider_charges_total',
      help: 'Charges entered, by how they ended; repeats are not counted',
      labelNames: ['status'],
      registers,
    }),
    failures: new Counter({
      name: 'payment_provider_failures_total',
      help: 'Requests that failed as their fate had it: refused before charging, or lost after it',
      labelNames: ['kind'],
      registers,
    }),
    abandoned: new Counter({
      name: 'payment_provider_abandoned_requests_total',
      help: 'Requests worked off though the caller had gone before a worker took them',
      registers,
    }),
  }
  for (const status of ['succeeded', 'declined']) metrics.charges.inc({ status }, 0)
  for (const kind of ['refused', 'lost']) metrics.failures.inc({ kind }, 0)
  return metrics
}
