/** The shop and the collector as plain processes; everything goes to an OTLP endpoint of one's own. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { freePort } from '@faultline/test-support/ports'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Kit, startKit } from './support/kit.ts'

const OVERLAY = 'deploy/compose/bring-your-own.yml'
const SECRET = 'Basic b3duOm93bg=='
const TIMEOUT_MS = 120_000

/** What arrived by path, as text: the names and values in protobuf are readable. */
const arrived = new Map<string, string[]>()
const senders: IncomingHttpHeaders[] = []
const sink = createServer(async (request, response) => {
  const body = await buffer(request)
  const path = request.url ?? ''
  senders.push(request.headers)
  const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
  arrived.set(path, [...(arrived.get(path) ?? []), bytes.toString('latin1')])
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
})
let kit: Kit

beforeAll(async () => {
  const port = await freePort()
  await once(sink.listen(port, '127.0.0.1'), 'listening')
  kit = await startKit({
    args: ['--file', OVERLAY],
    env: {
      OTLP_ENDPOINT: `http://host.docker.internal:${port}`,
      OTLP_HEADER_NAME: 'Authorization',
      OTLP_HEADER_VALUE: SECRET,
    },
  })
})

afterAll(async () => {
  await kit?.[Symbol.asyncDispose]()
  sink.close()
  sink.closeAllConnections()
})

test('no backend of the kit runs', async () => {
  const names = (await kit.runtime.status()).map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['gateway', 'ticketing', 'collector', 'edge']))
  expect(names.filter((name) => /prometheus|loki|store|tempo|pyroscope|grafana|pager/.test(name))).toEqual([])
  expect(() => kit.runtime.endpoints('prometheus')).toThrow(/prometheus\/http/)
})

test('traces, metrics and logs of a visitor arrive there, with the header', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { edge } = kit.runtime.endpoints('edge')
  const requestId = 'bring-your-own-1'
  await vi.waitFor(
    async () => {
      // one trace in ten is kept
      for (let n = 0; n < 10; n += 1) {
        const response = await fetch(`${edge}/v1/concerts?limit=1`, {
          headers: { 'x-request-id': requestId },
        })
        expect(response.status).toBe(200)
        await response.body?.cancel()
      }
      const signal = (path: string) => arrived.get(path)?.join('\n') ?? ''
      expect(signal('/v1/traces')).toContain('GET /v1/concerts')
      expect(signal('/v1/metrics')).toContain('http_server_request_duration_seconds')
      expect(signal('/v1/logs')).toContain(requestId)
    },
    { timeout: 60_000, interval: 1_000 },
  )
  expect(senders.filter(({ authorization }) => authorization !== SECRET)).toEqual([])
})
