import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface MetricsEndpoint extends AsyncDisposable {
  /** `host:port` */
  readonly address: string
}

/** Serves OpenMetrics text, made for every scrape, in the place of a service's admin listener. */
export async function serveMetrics(text: () => string): Promise<MetricsEndpoint> {
  const server = createServer((request, response) => {
    // Exemplars exist in OpenMetrics only, so a scraper has to ask for that.
    if (request.headers.accept?.includes('application/openmetrics-text') !== true) {
      response.writeHead(406).end()
      return
    }
    response
      .writeHead(200, { 'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8' })
      .end(text())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
