import { once } from 'node:events'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Logger } from 'pino'
import writeFileAtomic from 'write-file-atomic'
import { createPagerApp } from './app.ts'
import { AlertHistory, type Incident, incidentsSchema } from './history.ts'

export interface PagerOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Folder of the history, so that a restarted pager knows what it paged. */
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
  await mkdir(dataDirectory, { recursive: true })
  const file = join(dataDirectory, 'incidents.json')
  const history = new AlertHistory({ incidents: await readIncidents(file, logger) })
  const save = () => writeFileAtomic(file, JSON.stringify(history.all()))
  const server = createServer(createPagerApp({ history, logger, save }).callback())
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

/** What was kept; empty when there is nothing, or nothing readable (which is set aside, not deleted). */
async function readIncidents(file: string, logger: Logger): Promise<readonly Incident[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  try {
    return incidentsSchema.parse(JSON.parse(text))
  } catch {
    const aside = `${file}.unreadable`
    await rename(file, aside)
    logger.warn({ file: aside }, 'the kept history is not readable: set aside, starting with an empty one')
    return []
  }
}
