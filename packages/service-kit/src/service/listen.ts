import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ServiceTelemetry } from '../telemetry-types.ts'
import { EnvironmentError } from './config.ts'
import type { Health } from './health.ts'

/** A listening HTTP server that can be drained. */
export interface Listener {
  readonly server: Server
  readonly port: number
  /**
   * Takes no further connections, lets the requests under way end and closes every connection after its request.
   *
   * @param timeoutMs after it the connections left are cut
   * @returns whether every request ended in time
   */
  drain(timeoutMs: number): Promise<boolean>
}

/** How often connections that have become idle are closed while draining, in milliseconds. */
const IDLE_SWEEP_MS = 50

/**
 * @param purpose the variable that sets the port, for the message when it cannot be had
 * @throws EnvironmentError when the address cannot be listened on
 */
export async function listen(
  handler: RequestListener,
  address: { host: string; port: number; variable: string },
): Promise<Listener> {
  let draining = false
  const underWay = new Set<ServerResponse>()
  const server = createServer((req, res) => {
    if (draining) announceClose(res)
    underWay.add(res)
    res.once('close', () => underWay.delete(res))
    return handler(req, res)
  })
  server.listen(address.port, address.host)
  try {
    await once(server, 'listening')
  } catch (error) {
    throw cannotListen(address, error)
  }
  return {
    server,
    port: (server.address() as AddressInfo).port,
    async drain(timeoutMs) {
      draining = true
      for (const res of underWay) announceClose(res)
      const closed = once(server, 'close').then(() => true)
      server.close()
      const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS)
      const { promise: expired, resolve } = Promise.withResolvers<boolean>()
      const timer = setTimeout(() => resolve(false), timeoutMs)
      const inTime = await Promise.race([closed, expired])
      clearInterval(sweep)
      clearTimeout(timer)
      if (!inTime) server.closeAllConnections()
      return inTime
    },
  }
}

/** Tells a keep-alive client to send its next request elsewhere. */
function announceClose(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('connection', 'close')
}

function cannotListen(address: { host: string; port: number; variable: string }, error: unknown): Error {
  const { host, port, variable } = address
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') {
    return new EnvironmentError(
      `port ${port} on ${host} is in use. Stop the process that has it, or set ${variable} to a free port`,
    )
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    return new EnvironmentError(
      `cannot listen on ${host}:${port} (${code}). Set HOST and ${variable} to what can be`,
    )
  }
  return error instanceof Error ? error : new Error(String(error))
}

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
