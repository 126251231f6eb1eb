import { HOST } from '../endpoints.ts'
import type { StackContext } from './context.ts'

/** Where a service sends its telemetry and what it calls itself. */
export function serviceTelemetry(
  { ports }: StackContext,
  service: string,
  instance: string,
): Record<string, string> {
  return {
    OTEL_SERVICE_NAME: service,
    OTEL_SERVICE_INSTANCE_ID: instance,
    // What an order is handed on its way, over HTTP and the broker.
    FAULTLINE_BAGGAGE_KEYS: 'box_office.order.channel',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${HOST}:${ports.collectorOtlpHttp}`,
  }
}
