// The usual set-up, every part with its defaults: OpenTelemetry's auto-instrumentations, prom-client, Pyroscope.
// Loaded with --import before the service, whose own telemetry is off.

import { subscribe } from 'node:diagnostics_channel'
import { createServer } from 'node:http'
import { getNodeAutoInstrumentations } from '@opentelemetry/auto-instrumentations-node'
import { NodeSDK } from '@opentelemetry/sdk-node'
import Pyroscope from '@pyroscope/nodejs'
import { register } from 'import-in-the-middle/register-hooks.mjs'
import client from 'prom-client'

// Without it only what is required would be instrumented, and the gateway imports.
register()

new NodeSDK({ instrumentations: [getNodeAutoInstrumentations()] }).start()
// The SDK has read its environment by now; from here on the variable speaks to the service's own telemetry.
process.env.OTEL_SDK_DISABLED = 'true'

Pyroscope.init({
  appName: 'gateway',
  serverAddress: process.env.PYROSCOPE_URL,
  wall: { collectCpuTime: true },
})
Pyroscope.start()

client.collectDefaultMetrics()
const duration = new client.Histogram({
  name: 'http_request_duration_seconds',
  help: 'Duration of requests',
  labelNames: ['method', 'status'],
})
const started = new WeakMap()
subscribe('http.server.request.start', ({ request }) => started.set(request, duration.startTimer()))
subscribe('http.server.response.finish', ({ request, response }) => {
  started.get(request)?.({ method: request.method, status: response.statusCode })
})
createServer(async (_request, response) => {
  response.setHeader('Content-Type', client.register.contentType)
  response.end(await client.register.metrics())
}).listen(Number(process.env.STOCK_METRICS_PORT), '127.0.0.1')
