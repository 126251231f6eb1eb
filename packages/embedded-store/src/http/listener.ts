import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type Koa from 'koa'

/** A port cannot be listened on; the message says which and why. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/** One HTTP server on one address. */
export interface Listener {
  /** For example `http://127.0.0.1:3200`; with the real port when 0 was asked for. */
  readonly url: string
  /** Stops accepting, waits for the requests under way. */
  close(): Promise<void>
}

/** Starts serving. @throws {ListenError} when the port is taken or not allowed */
export async function listen(app: Koa, what: string, host: string, port: number): Promise<Listener> {
  const server = createServer(app.callback())
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const cause = code === 'EADDRINUSE' ? 'another process listens there' : code
    throw new ListenError(`${what} cannot listen on ${host}:${port}: ${cause}`)
  }
  const address = server.address() as AddressInfo
  return { url: `http://${host}:${address.port}`, close: () => closeServer(server) }
}

/** How often connections that have become idle are closed, and when the rest is cut. */
const IDLE_CHECK_MS = 50
const PATIENCE_MS = 5000

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS)
  const patience = setTimeout(() => server.closeAllConnections(), PATIENCE_MS)
  await closed
  clearInterval(idle)
  clearTimeout(patience)
}
