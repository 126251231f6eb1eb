import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { freePort } from '@faultline/test-support/ports'
import { startNats, type TestNats } from '@faultline/test-support/servers'
import { type TestTelemetry, testTelemetry } from '@faultline/test-support/telemetry'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { connectNats, ensureStream, type Nats } from '../src/index.ts'
import { NatsClosedError, type NatsOptions } from '../src/nats/connect.ts'

let server: TestNats
let telemetry: TestTelemetry

beforeAll(async () => {
  server = await startNats()
})
afterAll(() => server?.[Symbol.asyncDispose]())
beforeEach(() => {
  telemetry = testTelemetry()
})

function connectTo(url: string, options: Partial<NatsOptions> = {}): Nats & AsyncDisposable {
  const nats = connectNats({ url, name: 'test', ...telemetry, retryMs: 20, ...options })
  return Object.assign(nats, { [Symbol.asyncDispose]: () => nats.close() })
}

const STREAM = {
  name: 'THINGS',
  subjects: ['things.>'],
  description: 'of a test',
  maxAgeMs: 60_000,
  maxBytes: 1_000_000,
  duplicateWindowMs: 60_000,
}

test('a connection to nobody waits without failing and ends when it is closed', async () => {
  const nats = connectTo(`nats://127.0.0.1:${await freePort()}`)
  const waiting = nats.connection()
  await expect(nats.check()).rejects.toThrow('not connected')
  await vi.waitFor(() => expect(telemetry.lines).toHaveLength(1))
  expect(await telemetry.value('nats_client_connected')).toBe(0)
  const refused = expect(waiting).rejects.toBeInstanceOf(NatsClosedError)
  await nats.close()
  await refused
  await expect(nats.connection()).rejects.toBeInstanceOf(NatsClosedError)
})

test('a killed server is noticed and the connection is there again with it, streams and all', async () => {
  await using nats = connectTo(server.url)
  const connection = await nats.connection()
  await ensureStream(connection, STREAM)
  await jetstream(connection).publish('things.one', 'before', { msgID: '1' })
  const reconnected = vi.fn()
  nats.onReconnect(reconnected)

  await server.kill()
  await vi.waitFor(() => expect(nats.connected).toBe(false))
  expect(await telemetry.value('nats_client_connected')).toBe(0)
  await server.start()

  await vi.waitFor(() => expect(reconnected).toHaveBeenCalledOnce(), { timeout: 5_000 })
  expect(await telemetry.value('nats_client_connected')).toBe(1)
  expect(await telemetry.value('nats_client_reconnects_total')).toBe(1)
  const again = await jetstream(await nats.connection()).publish('things.one', 'again', { msgID: '1' })
  expect(again.duplicate).toBe(true)
})

test('what is asked while the server is away waits for it and is answered', async () => {
  // Long enough between two attempts that the server is back before the connection is.
  await using nats = connectTo(server.url, { retryMs: 300 })
  await nats.connection()
  await server.kill()
  await vi.waitFor(() => expect(nats.connected).toBe(false))
  const ask = async () => ensureStream(await nats.connection(), STREAM)
  const early = ask()
  await server.start()
  await Promise.all([early, ask()])
})

test('what is under way when the server goes fails at once', async () => {
  await using nats = connectTo(server.url)
  const connection = await nats.connection()
  connection.subscribe('silence')
  const asked = connection.request('silence', '', { timeout: 30_000 })
  const failed = expect(asked).rejects.toThrow('connection closed')
  await connection.flush()
  await server.kill()
  await failed
  expect(connection.isClosed()).toBe(true)
  await server.start()
})

test('the wait for a connection ends with its signal', async () => {
  await using nats = connectTo(`nats://127.0.0.1:${await freePort()}`)
  const stopping = new AbortController()
  const waiting = nats.connection(stopping.signal)
  stopping.abort(new Error('not needed any more'))
  await expect(waiting).rejects.toThrow('not needed any more')
  await expect(nats.connection(stopping.signal)).rejects.toThrow('not needed any more')
})

test('a stream that exists is brought to its definition', async () => {
  await using nats = connectTo(server.url)
  const connection = await nats.connection()
  await ensureStream(connection, STREAM)
  await ensureStream(connection, STREAM)
  await ensureStream(connection, { ...STREAM, maxBytes: 2_000_000 })
  const { config } = await (await jetstreamManager(connection)).streams.info(STREAM.name)
  expect(config.max_bytes).toBe(2_000_000)
})

/** A server that does nothing with connections but what it is told. */
async function startServer(onConnection: (socket: Socket) => void) {
  const open = new Set<Socket>()
  const listener = createServer((socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket)).on('error', () => undefined)
    onConnection(socket)
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    url: `nats://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    open,
    async [Symbol.asyncDispose]() {
      listener.close()
      for (const socket of open) socket.destroy()
      await once(listener, 'close')
    },
  }
}

test('a server that is frozen collects no connections', async () => {
  const accepted = vi.fn()
  await using frozen = await startServer(accepted)
  await using _nats = connectTo(frozen.url, { connectTimeoutMs: 30 })
  await vi.waitFor(() => expect(accepted.mock.calls.length).toBeGreaterThan(8), { timeout: 5_000 })
  // That of the first attempt, and the one under way.
  expect(frozen.open.size).toBeLessThanOrEqual(2)
})

test('a server that ends each connection is dialled with a pause', async () => {
  const times: number[] = []
  await using rude = await startServer((socket) => {
    times.push(performance.now())
    socket.write('INFO {"version":"2.14.6","proto":1,"headers":true,"max_payload":1048576}\r\n')
    socket.on('data', (data) => {
      if (data.includes('PING')) socket.end('PONG\r\n')
    })
  })
  await using _nats = connectTo(rude.url, { retryMs: 50 })
  await vi.waitFor(() => expect(times.length).toBeGreaterThan(4), { timeout: 5_000 })
  const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0))
  expect(Math.min(...pauses)).toBeGreaterThan(45)
})
