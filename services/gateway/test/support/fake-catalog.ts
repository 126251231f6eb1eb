import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Stands in for a catalog that does what a real one does only when it is broken. */
export interface FakeCatalog extends AsyncDisposable {
  readonly url: string
  readonly requests: IncomingMessage[]
}

export async function startFakeCatalog(
  answer: (req: IncomingMessage, res: ServerResponse) => void,
): Promise<FakeCatalog> {
  const requests: IncomingMessage[] = []
  const server = createServer((req, res) => {
    requests.push(req)
    answer(req, res)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** An empty page: what every list may answer. */
export const EMPTY_PAGE = JSON.stringify({ items: [], nextCursor: null })
