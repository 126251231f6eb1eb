import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Health } from '../health/health.ts'
import type { ServiceTelemetry } from '../telemetry-types.ts'

/**
 * What the operator and the collector ask: `/livez` (the process runs), `/readyz` (it can take traffic),
 * `/metrics` (OpenMetrics). On a listener of its own, so that it is never public and answers under load.
 */
export function adminHandler(
  health: Health,
  telemetry: Pick<ServiceTelemetry, 'metricsHandler'>,
): RequestListener {
  const routes: Record<string, (req: IncomingMessage, res: ServerResponse) => void> = {
    '/livez': (_req, res) => sendJson(res, 200, { alive: true }),
    '/readyz': (_req, res) => sendJson(res, health.ready ? 200 : 503, health.report()),
    '/metrics': (req, res) => {
      telemetry.metricsHandler(req, res).catch((error: unknown) => res.destroy(error as Error))
    },
  }
  return (req, res) => {
    const path = req.url?.split('?', 1)[0] ?? ''
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined
    if (route) route(req, res)
    else sendJson(res, 404, { routes: Object.keys(routes) })
  }
}

function sendJson(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  res.end(JSON.stringify(body))
}
