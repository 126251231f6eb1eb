import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { freePort } from '@faultline/test-support/ports'
import { expect, onTestFinished, test, vi } from 'vitest'
import { liveness, type Silence } from '../src/probe.ts'
import { eventually } from './harness.ts'

async function portOf(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => undefined)
    sockets.add(socket.on('close', () => sockets.delete(socket)))
  })
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await once(server.listen(await freePort(), '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}

const http = (port: number) => new URL(`http://127.0.0.1:${port}/ready`)
const sql = (port: number) => new URL(`postgres://user:password@127.0.0.1:${port}/db`)
const redis = (port: number) => new URL(`redis://127.0.0.1:${port}`)

/** What the first probe finds; undefined for an answer. */
async function first(probe: URL): Promise<Silence | undefined> {
  for await (const silence of liveness(probe, new AbortController().signal)) return silence
  throw new Error('it was not probed')
}

/** PostgreSQL's error response: `S`, `C` and `M` are severity, code and message. */
function fatal(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0C${code}\0M${message}\0\0`)
  const head = Buffer.from('E\0\0\0\0')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}

test.each([200, 404, 503])('HTTP status %i is an answer, and its connection is closed', async (status) => {
  const server = createHttpServer((_request, response) => response.writeHead(status).end('so it is'))
  let connections = 0
  server.on('connection', (socket) => {
    connections += 1
    socket.on('close', () => {
      connections -= 1
    })
  })
  expect(await first(http(await portOf(server)))).toBeUndefined()
  await eventually(() => expect(connections).toBe(0))
})

test('a database that lets nobody in is an answer', async () => {
  const port = await portOf(
    createServer((socket) => socket.once('data', () => socket.end(fatal('57P03', 'it starts up')))),
  )
  expect(await first(sql(port))).toBeUndefined()
})

test.each([
  ['HTTP', http],
  ['SQL', sql],
  ['Redis', redis],
])('over %s, a connection that is accepted is no answer', async (_protocol, probeAt) => {
  const port = await portOf(createServer(() => undefined))
  expect(await first(probeAt(port))).toEqual({ reason: 'no answer within 5 s', forMs: 5000 })
})

test('a refused connection is silence for as long as the pause between two probes', async () => {
  const port = await freePort()
  const silence = await first(http(port))
  expect(silence).toEqual({ reason: `connect ECONNREFUSED 127.0.0.1:${port}`, forMs: 2000 })
})

test('a probe during which the machine was suspended stands for no more than its own timeout', async () => {
  using clock = vi.spyOn(performance, 'now')
  clock.mockReturnValueOnce(0).mockReturnValueOnce(3_600_000)
  expect(await first(http(await freePort()))).toMatchObject({ forMs: 5000 })
})

test('whoever stops probing does not wait for the answer', async () => {
  for (const probeAt of [http, sql, redis]) {
    const stopping = new AbortController()
    const port = await portOf(createServer(() => stopping.abort()))
    const began = performance.now()
    for await (const _ of liveness(probeAt(port), stopping.signal)) expect.unreachable('it was not answered')
    expect(performance.now() - began).toBeLessThan(4000)
  }
})
