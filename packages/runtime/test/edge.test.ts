/** The edge as the kit runs it, in front of a gateway that says what arrived. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { connect } from 'node:http2'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isKeptByRatio, KEEP_MEMBER, KEEP_RATIO } from '@faultline/telemetry/keep'
import { resolveBinary } from '@faultline/toolchain'
import { execa } from 'execa'
import { request } from 'undici'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { stateLayout } from '../src/state/layout.ts'
import { componentNamed, readStack } from './fixtures/kit.ts'

const seen: IncomingHttpHeaders[] = []
const spans: Buffer[] = []
let isReady = true

const gateway = await listen((path, headers) => {
  seen.push(headers)
  return {
    status: path === '/broken' ? 500 : 200,
    headers: { 'cache-control': 'public, max-age=5', etag: '"1"' },
  }
})
const gatewayAdmin = await listen(() => ({ status: isReady ? 200 : 503 }))
const collector = await listen((_path, _headers, body) => {
  spans.push(body)
  return { status: 200 }
})
const ports = { edge: await freePort(), edgeTls: await freePort(), edgeMetrics: await freePort() }
const root = `http://127.0.0.1:${ports.edge}`
const stopping = new AbortController()
let folder: string
let running: Promise<unknown>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline-edge-'))
  const binary = await resolveBinary('caddy')
  const stack = await readStack({
    layout: stateLayout(folder),
    variables: {
      FAULTLINE_PORT_EDGE: String(ports.edge),
      FAULTLINE_PORT_EDGE_TLS: String(ports.edgeTls),
      FAULTLINE_PORT_EDGE_METRICS: String(ports.edgeMetrics),
      FAULTLINE_PORT_GATEWAY: String(gateway.port),
      FAULTLINE_PORT_GATEWAY_ADMIN: String(gatewayAdmin.port),
      FAULTLINE_PORT_COLLECTOR_OTLP_HTTP: String(collector.port),
    },
  })
  const { prepare, command } = componentNamed(stack, 'edge')
  await prepare?.(stopping.signal)
  const { file, args, env, cwd = '.' } = command(binary)
  running = execa(file, args, {
    cwd,
    env: { ...env, OTEL_BSP_SCHEDULE_DELAY: '100' },
    cancelSignal: stopping.signal,
    reject: false,
    stdin: 'ignore',
  })
  await vi.waitFor(async () => expect((await request(`${root}/`)).statusCode).toBe(200), {
    timeout: 20_000,
    interval: 50,
  })
})

afterAll(async () => {
  stopping.abort()
  await running
  for (const { server } of [gateway, gatewayAdmin, collector]) server.close()
  await rm(folder, { recursive: true, force: true })
})

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function listen(
  answer: (
    path: string,
    headers: IncomingHttpHeaders,
    body: Buffer,
  ) => { status: number; headers?: Record<string, string> },
): Promise<{ server: Server; port: number }> {
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const { status, headers } = answer(incoming.url ?? '', incoming.headers, Buffer.concat(chunks))
    outgoing.writeHead(status, headers).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

/** What the gateway received of a request to the edge. */
async function received(headers: Record<string, string> = {}): Promise<IncomingHttpHeaders> {
  const before = seen.length
  await (await request(`${root}/v1/concerts`, { headers })).body.dump()
  return seen[before] ?? {}
}

test('a visitor decides neither whose trace it is, nor whether it is kept, nor where it comes from', async () => {
  const theirs = '0af7651916cd43dd8448eb211c80319c'
  const headers = await received({
    traceparent: `00-${theirs}-b7ad6b7169203331-01`,
    tracestate: 'faultline=keep,vendor=1',
    'x-forwarded-for': '203.0.113.7',
  })
  expect(headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  expect(headers.traceparent).not.toContain(theirs)
  expect(headers.tracestate ?? '').not.toContain('vendor')
  expect(headers['x-forwarded-for']).toBe('127.0.0.1')
})

test('a trace that begins here is marked to be kept if its id says so, as in the services', async () => {
  const requests = 600
  const kept: boolean[] = []
  for (let sent = 0; sent < requests; sent += 20) {
    const from = seen.length
    await Promise.all(Array.from({ length: 20 }, () => request(root).then(({ body }) => body.dump())))
    for (const { traceparent, tracestate } of seen.slice(from)) {
      // The edge compares the first 4 of the 13 digits that decide.
      const [, digits = ''] = /^00-[0-9a-f]{19}([0-9a-f]{4})/.exec(String(traceparent)) ?? []
      const isKept = isKeptByRatio(`${digits}${'0'.repeat(9)}`, KEEP_RATIO)
      expect(tracestate, digits).toBe(isKept ? KEEP_MEMBER : undefined)
      kept.push(isKept)
    }
  }
  // By chance 600 ids of one kind happen once in 10^27.
  expect(new Set(kept).size).toBe(2)
})

test('what the catalog says about caching passes through', async () => {
  const { headers, body } = await request(root)
  await body.dump()
  expect(headers['cache-control']).toBe('public, max-age=5')
  expect(headers.etag).toBe('"1"')
})

test('HTTP/2 is spoken under TLS, HTTP/3 is offered', async () => {
  const session = connect(`https://localhost:${ports.edgeTls}`, {
    rejectUnauthorized: false,
    lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }], 4),
  })
  const stream = session.request({ ':path': '/v1/concerts' })
  const [headers] = await once(stream, 'response')
  stream.resume()
  await once(stream, 'end')
  session.close()
  expect(headers[':status']).toBe(200)
  expect(headers['alt-svc']).toBe(`h3=":${ports.edgeTls}"; ma=2592000`)
  expect(session.alpnProtocol).toBe('h2')
})

test('an error of the gateway is passed on once, without another try', async () => {
  const before = seen.length
  const { statusCode, body } = await request(`${root}/broken`)
  await body.dump()
  expect(statusCode).toBe(500)
  expect(seen.length - before).toBe(1)
})

test('metrics name listener, method and status', async () => {
  const { body } = await request(`http://127.0.0.1:${ports.edgeMetrics}/metrics`)
  const text = await body.text()
  expect(text).toMatch(
    /^caddy_http_request_duration_seconds_count\{code="200",.*method="GET",server="http"\} /m,
  )
  expect(text).toMatch(/^caddy_http_request_duration_seconds_count\{code="200",.*server="https"\} /m)
})

test('spans go to the collector under the name edge', async () => {
  await vi.waitFor(
    () => {
      const text = Buffer.concat(spans).toString('latin1')
      expect(text).toContain('service.name')
      expect(text).toContain('edge-1')
      expect(text).toContain('network.protocol.version')
    },
    { timeout: 10_000, interval: 50 },
  )
})

test('while the gateway is not ready, visitors get a problem document at once, and service when it is back', async () => {
  isReady = false
  await vi.waitFor(
    async () => {
      const { statusCode, headers, body } = await request(root)
      expect(statusCode).toBe(503)
      expect(headers['content-type']).toBe('application/problem+json')
      expect(await body.json()).toEqual({ type: 'about:blank', title: 'Service Unavailable', status: 503 })
    },
    { timeout: 10_000, interval: 100 },
  )
  isReady = true
  await vi.waitFor(
    async () => {
      const { statusCode, body } = await request(root)
      await body.dump()
      expect(statusCode).toBe(200)
    },
    { timeout: 10_000, interval: 100 },
  )
})
