/**
 * Takes whatever telemetry is sent (OTLP over HTTP, Pyroscope's /ingest), as cheaply as possible. GET answers how many
 * bytes came to each path: `{ "/<variant>/v1/traces": 123 }`.
 */
import { createServer } from 'node:http'

const received: Record<string, number> = {}

const server = createServer((request, response) => {
  if (request.method === 'GET') return response.end(JSON.stringify(received))
  const path = request.url?.split('?', 1)[0] ?? ''
  request
    .on('data', (chunk: Buffer) => {
      received[path] = (received[path] ?? 0) + chunk.length
    })
    .on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end())
})
server.listen(Number(process.env.PORT), '127.0.0.1')
