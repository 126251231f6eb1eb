import type { IncomingMessage, ServerResponse } from 'node:http'
import { diag } from '@opentelemetry/api'
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

/** Answers a scrape from any `node:http` server; never rejects. */
export type MetricsHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** @param onError hears of a metric of the service's own that could not be collected */
export function createMetricsHandler(
  register: Registry<OpenMetricsContentType>,
  onError: (error: unknown) => void = (error) => diag.error('metrics could not be collected', error),
): MetricsHandler {
  return async (_request, response) => {
    try {
      const body = await register.metrics()
      response.writeHead(200, { 'content-type': register.contentType }).end(body)
    } catch (error) {
      onError(error)
      response.writeHead(500).end()
    }
  }
}
