import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import {
  type DecodedLog,
  type DecodedProfile,
  type DecodedSpan,
  decodeLogs,
  decodeProfiles,
  decodeSpans,
} from './otlp-decode.ts'

/** Answers instead of the receiver; returns whether it did. */
export type Interceptor = (request: IncomingMessage, response: ServerResponse) => boolean

/** A small OTLP/HTTP receiver that keeps what it is sent. */
export class OtlpReceiver implements AsyncDisposable {
  readonly spans: DecodedSpan[] = []
  readonly logs: DecodedLog[] = []
  readonly profiles: DecodedProfile[] = []
  /** Paths of all requests, in order. */
  readonly requests: string[] = []
  intercept: Interceptor = () => false
  readonly #server = createServer((request, response) => this.#receive(request, response))

  /** @param port 0 for any free one */
  static async start(port = 0): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver()
    receiver.#server.listen(port, '127.0.0.1')
    await once(receiver.#server, 'listening')
    return receiver
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      this.requests.push(request.url ?? '')
      if (this.intercept(request, response)) return
      const sent = Buffer.concat(chunks)
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
      if (request.headers['content-type'] !== 'application/x-protobuf') {
        response.writeHead(415).end()
        return
      }
      if (request.url === '/v1/traces') this.spans.push(...decodeSpans(body))
      else if (request.url === '/v1/logs') this.logs.push(...decodeLogs(body))
      else if (request.url === '/v1development/profiles') this.profiles.push(...decodeProfiles(body))
      else {
        response.writeHead(404).end()
        return
      }
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
    })
  }
}
