import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { createPagerApp } from './app.ts'
import { AlertHistory } from './history.ts'
import { createIncidentStore } from './store.ts'

export interface PagerOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Where the history lies. */
  readonly dataDirectory: string
  readonly logger: Logger
}

export interface Pager {
  readonly url: string
  /** Waits for the requests under way. */
  close(): Promise<void>
}

/** @throws Error when the port is taken or the folder cannot be used */
export async function startPager({ host, port, dataDirectory, logger }: PagerOptions): Promise<Pager> {
  const store = createIncidentStore(dataDirectory, (file) =>
    logger.warn({ file }, 'the kept history is not readable: set aside, beginning anew'),
  )
  const history = new AlertHistory({ incidents: await store.load() })
  const app = createPagerApp({ history, logger, save: () => store.save(history.all()) })
  const server = createServer(app.callback())
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  return {
    url: `http://${host}:${address.port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      await closed
    },
  }
}
