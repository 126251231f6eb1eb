import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { connectNats, ensureStream, type Nats, NatsClosedError } from '../src/index.ts'
import {
  freePort,
  startNats,
  type TestNats,
  type TestTelemetry,
  testTelemetry,
} from '../src/testing/index.ts'

let server: TestNats
let telemetry: TestTelemetry

beforeAll(async () => {
  server = await startNats()
})
afterAll(() => server?.[Symbol.asyncDispose]())
beforeEach(() => {
  telemetry = testTelemetry()
})

function connectTo(url: string): Nats & AsyncDisposable {
  const nats = connectNats({ url, name: 'test', ...telemetry, retryMs: 20 })
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
  const again = await jetstream(connection).publish('things.one', 'again', { msgID: '1' })
  expect(again.duplicate).toBe(true)
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
