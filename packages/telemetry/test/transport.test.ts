import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, request as httpRequest } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OtlpReceiver } from '@faultline/test-support/otlp-receiver'
import { RandomIdGenerator, TracerProvider } from '@opentelemetry/sdk-trace'
import { generate } from 'selfsigned'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { OtlpSpanProcessor } from '../src/index.ts'

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Sends one span with what the environment says. @returns its name */
async function sendSpan(): Promise<string> {
  const name = new RandomIdGenerator().generateSpanId()
  const processor = new OtlpSpanProcessor()
  const provider = new TracerProvider({ spanProcessors: [processor] })
  provider.getTracer('test').startSpan(name).end()
  await provider.shutdown()
  return name
}

describe('the way to the collector', () => {
  let receiver: OtlpReceiver
  let folder: string

  beforeEach(async () => {
    receiver = await OtlpReceiver.start()
    folder = await mkdtemp(join(tmpdir(), 'faultline transport '))
  })

  afterEach(async () => {
    vi.unstubAllEnvs()
    await receiver[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })

  it('goes over TLS to a certificate that a variable vouches for, and to no other', async () => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
      algorithm: 'sha256',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    })
    const server = createHttpsServer({ cert, key }, (request, response) => {
      request.pipe(
        httpRequest(
          receiver.endpoint + request.url,
          { method: 'POST', headers: request.headers },
          (answer) => {
            response.writeHead(answer.statusCode ?? 500)
            answer.pipe(response)
          },
        ),
      )
    })
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `https://127.0.0.1:${await listen(server)}`)
    try {
      await sendSpan()
      expect(receiver.spans).toEqual([])
      await writeFile(join(folder, 'ca.pem'), cert)
      vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE', join(folder, 'ca.pem'))
      const name = await sendSpan()
      expect(receiver.spans.map((span) => span.name)).toEqual([name])
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })

  it('goes over a proxy, but not to what NO_PROXY names', async () => {
    const asked: (string | undefined)[] = []
    const proxy = createServer((request, response) => {
      asked.push(request.url)
      request.pipe(
        httpRequest(
          receiver.endpoint + new URL(request.url ?? '').pathname,
          { method: 'POST', headers: request.headers },
          (answer) => {
            response.writeHead(answer.statusCode ?? 500)
            answer.pipe(response)
          },
        ),
      )
    })
    vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${await listen(proxy)}`)
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://collector.invalid:4318')
    try {
      const name = await sendSpan()
      expect(asked).toEqual(['http://collector.invalid:4318/v1/traces'])
      expect(receiver.spans.map((span) => span.name)).toEqual([name])
      vi.stubEnv('NO_PROXY', '127.0.0.1')
      vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.endpoint)
      await sendSpan()
      expect(asked).toHaveLength(1)
      expect(receiver.spans).toHaveLength(2)
    } finally {
      proxy.close()
      proxy.closeAllConnections()
    }
  })
})
