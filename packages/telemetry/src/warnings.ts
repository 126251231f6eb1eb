import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node'
import { type Environment, readList, readString } from './environment.ts'

/** Standard variables that have no effect here, and what to do instead. */
const UNREAD: Readonly<Record<string, string>> = {
  OTEL_BSP_EXPORT_TIMEOUT: 'OTEL_EXPORTER_OTLP_TIMEOUT bounds one request, exporter.maxRetryMs all attempts',
  OTEL_BLRP_EXPORT_TIMEOUT: 'OTEL_EXPORTER_OTLP_TIMEOUT bounds one request, exporter.maxRetryMs all attempts',
  OTEL_EXPORTER_OTLP_INSECURE: 'it is for gRPC; an http:// endpoint is insecure',
  OTEL_EXPORTER_OTLP_TRACES_INSECURE: 'it is for gRPC; an http:// endpoint is insecure',
  OTEL_EXPORTER_OTLP_LOGS_INSECURE: 'it is for gRPC; an http:// endpoint is insecure',
  OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'the SDK does not read it; hand over views',
  OTEL_EXPORTER_ZIPKIN_TIMEOUT: 'the SDK does not read it',
  OTEL_CONFIG_FILE: 'NodeSDK does not read it',
  OTEL_ENTITIES: 'the SDK does not know it yet',
  OTEL_METRICS_EXEMPLAR_FILTER: 'the option metrics.exemplars says which spans become exemplars',
  OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: 'NodeSDK reads OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT',
  OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: 'NodeSDK reads OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT',
}
const PROTOCOLS = { values: ['http/protobuf'], instead: 'http/protobuf is used' }
/** Values that are known, of variables that may be lists, and what to do for others. */
const KNOWN: Readonly<Record<string, { readonly values: readonly string[]; readonly instead: string }>> = {
  OTEL_EXPORTER_OTLP_PROTOCOL: PROTOCOLS,
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: PROTOCOLS,
  OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: PROTOCOLS,
  OTEL_TRACES_EXPORTER: { values: ['otlp', 'none'], instead: 'hand over a processor with that exporter' },
  OTEL_LOGS_EXPORTER: {
    values: ['otlp', 'none', 'console'],
    instead: 'hand over a processor with that exporter',
  },
  OTEL_METRICS_EXPORTER: {
    values: ['otlp', 'none', 'console', 'prometheus'],
    instead: 'hand over a reader in metricReaders',
  },
  OTEL_PROPAGATORS: {
    values: ['tracecontext', 'baggage', 'b3', 'b3multi', 'none'],
    instead: 'hand NodeSDK a textMapPropagator',
  },
}

/** Says of each variable that is set and has no effect that it has none. */
export function warnOfUnread(env: Environment): void {
  for (const [name, advice] of Object.entries(UNREAD)) {
    if (readString(env, name) !== undefined) process.emitWarning(`${name} has no effect: ${advice}`)
  }
  for (const [name, { values, instead }] of Object.entries(KNOWN)) {
    for (const value of readList(env, name) ?? []) {
      if (values.includes(value)) continue
      process.emitWarning(`${name}=${value} has no effect: ${instead} (known: ${values.join(', ')})`)
    }
  }
}

/** An instrumentation of the user's, as far as it is looked at. */
type Instrumentation = Exclude<NodeSDKConfiguration['instrumentations'][number], readonly unknown[]>

function has(instrumentations: readonly Instrumentation[], name: string): boolean {
  return instrumentations.some(
    (one) =>
      one.instrumentationName === `@opentelemetry/instrumentation-${name}` &&
      one.getConfig().enabled !== false,
  )
}

/** Whether outgoing requests of undici have their spans already; ours would be a second one for each. */
export function tracesUndici(instrumentations: readonly Instrumentation[]): boolean {
  return has(instrumentations, 'undici')
}

/** Says what would come twice and cannot be told apart. */
export function warnOfTwins(instrumentations: readonly Instrumentation[]): void {
  if (!has(instrumentations, 'pino')) return
  process.emitWarning(
    'instrumentation-pino exports the lines of telemetry.logger a second time: leave it out, for instance by ' +
      "getNodeAutoInstrumentations({ '@opentelemetry/instrumentation-pino': { enabled: false } })",
  )
}
