import type { IncomingMessage, ServerResponse } from 'node:http'
import { diag } from '@opentelemetry/api'
import type { OpenMetricsContentType, Registry } from 'prom-client'

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
