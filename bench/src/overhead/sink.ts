/** Takes whatever telemetry is sent (OTLP over HTTP, Pyroscope's /ingest), as cheaply as can be. */
import { createServer } from 'node:http'

const server = createServer((request, response) => {
  request
    .resume()
    .on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end())
})
server.listen(Number(process.env.PORT), '127.0.0.1')
