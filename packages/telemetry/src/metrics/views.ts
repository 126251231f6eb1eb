import { AggregationType, type ViewOptions } from '@opentelemetry/sdk-metrics'

/**
 * Metrics of the SDK that are made of spans here. Some would come under the same name in Prometheus, others count the
 * same once more. What is not in spans stays: pool sizes, runtime, sizes of bodies.
 */
const REPLACED = [
  'http.server.request.duration',
  'http.server.duration',
  'http.server.active_requests',
  'http.client.request.duration',
  'http.client.duration',
  'db.client.operation.duration',
  'db.client.connection.wait_time',
  'db.client.connections.wait_time',
  'messaging.client.operation.duration',
  'messaging.client.sent.messages',
  'messaging.client.published.messages',
  'messaging.client.consumed.messages',
  'messaging.process.duration',
  'messaging.publish.duration',
  'messaging.receive.duration',
]

/** Views that drop the SDK's own metrics where the ExemplarMetricsProcessor has them. */
export function stockMetricViews(): ViewOptions[] {
  return REPLACED.map((instrumentName) => ({ instrumentName, aggregation: { type: AggregationType.DROP } }))
}
