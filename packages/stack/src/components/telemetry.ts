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
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${HOST}:${ports.collectorOtlpHttp}`,
  }
}
