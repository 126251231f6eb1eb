/**
 * Loaded before the service: `node --import ./src/instrumentation.ts src/main.ts`. Stock parts only, but for the one
 * that OpenTelemetry JS lacks: RED histograms with exemplars from whatever spans there are.
 *
 * Exporters, propagators, sampler and resource come from the usual `OTEL_*` variables, Pyroscope's client from
 * `PYROSCOPE_*`.
 */
import { ExemplarMetricsProcessor } from '@faultline/telemetry'
import { getNodeAutoInstrumentations } from '@opentelemetry/auto-instrumentations-node'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { KoaLayerType } from '@opentelemetry/instrumentation-koa'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace'
import Pyroscope from '@pyroscope/nodejs'
import { register as hookImports } from 'import-in-the-middle/register-hooks.mjs'
import { type OpenMetricsContentType, Registry } from 'prom-client'

// What is imported from here on can be instrumented, ES modules too.
hookImports()

const adminPort = Number(process.env.ADMIN_PORT)
const pyroscope = process.env.PYROSCOPE_SERVER_ADDRESS

/** What the service's metrics are made on, those from spans among them. */
export const register = new Registry<OpenMetricsContentType>()
register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)

const exportsTraces = process.env.OTEL_TRACES_EXPORTER !== 'none'

const sdk = new NodeSDK({
  spanProcessors: [
    new ExemplarMetricsProcessor({ register }),
    ...(exportsTraces
      ? [new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), scheduledDelayMillis: 1_000 })]
      : []),
  ],
  // Metrics are scraped from the registry: the SDK's would come a second time, without exemplars.
  metricReaders: [],
  instrumentations: [
    getNodeAutoInstrumentations({
      '@opentelemetry/instrumentation-http': {
        // Probes and scrapes are no traffic.
        ignoreIncomingRequestHook: (request) => request.socket.localPort === adminPort,
      },
      '@opentelemetry/instrumentation-koa': { ignoreLayersType: [KoaLayerType.MIDDLEWARE] },
      '@opentelemetry/instrumentation-undici': {
        ignoreRequestHook: ({ origin }) => pyroscope !== undefined && origin === URL.parse(pyroscope)?.origin,
      },
      // A span per look-up and connection of the exporters, each a trace of its own.
      '@opentelemetry/instrumentation-dns': { enabled: false },
      '@opentelemetry/instrumentation-net': { enabled: false },
      '@opentelemetry/instrumentation-runtime-node': { enabled: false },
    }),
  ],
})
sdk.start()

if (pyroscope) {
  Pyroscope.init({
    appName: process.env.OTEL_SERVICE_NAME ?? 'payment-provider',
    wall: { collectCpuTime: true },
  })
  Pyroscope.start()
}

/** Sends what is waiting. Rejects when an exporter does. */
export async function shutdown(): Promise<void> {
  await Promise.all([sdk.shutdown(), ...(pyroscope ? [Pyroscope.stop()] : [])])
}
