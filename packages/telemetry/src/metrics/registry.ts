import { type OpenMetricsContentType, Registry } from 'prom-client'
import type { OpenMetricsRegistry } from './span-metric.ts'

/** A registry that can show exemplars: only the OpenMetrics format has them. */
export function createRegistry(): Registry<OpenMetricsContentType> {
  const registry = new Registry<OpenMetricsContentType>()
  // prom-client refuses exemplars of metrics that were made before the type was set.
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  return registry
}

/**
 * Makes metrics once for each registry, which takes a name only once: who asks again goes on with the same, with the
 * options of the first.
 * @param witness name of one of them, by whose absence it is seen that the registry was cleared
 * @returns throws Error when somebody else's metric has one of the names
 */
export function oncePerRegistry<T, Rest extends unknown[]>(
  witness: string,
  create: (register: OpenMetricsRegistry, ...rest: Rest) => T,
): (register: OpenMetricsRegistry, ...rest: Rest) => T {
  const known = new WeakMap<OpenMetricsRegistry, T>()
  return (register, ...rest) => {
    const before = known.get(register)
    if (before !== undefined && register.getSingleMetric(witness)) return before
    const made = create(register, ...rest)
    known.set(register, made)
    return made
  }
}
