import { type OpenMetricsContentType, Registry } from 'prom-client'

/** A registry that can show exemplars: only the OpenMetrics format has them. */
export function createRegistry(): Registry<OpenMetricsContentType> {
  const registry = new Registry<OpenMetricsContentType>()
  // prom-client refuses exemplars of metrics that were made before the type was set.
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  return registry
}
