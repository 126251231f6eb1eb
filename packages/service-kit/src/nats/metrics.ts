import { Counter, Gauge } from 'prom-client'
import type { MetricsRegistry } from '../telemetry-types.ts'

/** State of the connection to the broker. */
export interface ConnectionMetrics {
  connected: Gauge
  reconnects: Counter
}

const metricsOf = new WeakMap<MetricsRegistry, ConnectionMetrics>()

/** The metrics on a registry; made once. */
export function connectionMetrics(register: MetricsRegistry): ConnectionMetrics {
  const existing = metricsOf.get(register)
  if (existing) return existing
  const metrics: ConnectionMetrics = {
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
  }
  metricsOf.set(register, metrics)
  return metrics
}
