import { randomUUID } from 'node:crypto'
import { startNats, type TestNats } from '@faultline/test-support/servers'
import { testTelemetry } from '@faultline/test-support/telemetry'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectNats, publishRevocation, watchRevocations } from '../src/index.ts'

/** "Within seconds", with room for a busy machine. */
const WITHIN = { timeout: 5_000, interval: 20 }

let server: TestNats
beforeAll(async () => {
  server = await startNats()
})
afterAll(() => server?.[Symbol.asyncDispose]())

function connect(name: string) {
  const telemetry = testTelemetry()
  const nats = connectNats({ url: server.url, name, ...telemetry, retryMs: 20 })
  return { nats, telemetry, [Symbol.asyncDispose]: () => nats.close() }
}

const inAMinute = () => Date.now() + 60_000

test('a revocation reaches verifiers that watch already and those that start later', async () => {
  await using gateway = connect('gateway')
  await using early = connect('booking')
  const heard = watchRevocations({ ...early.telemetry, nats: early.nats })
  const sessionId = randomUUID()
  await expect.poll(() => gateway.nats.connected).toBe(true)
  await publishRevocation(gateway.nats, sessionId, inAMinute())
  await expect.poll(() => heard.isRevoked(sessionId), WITHIN).toBe(true)

  await using late = connect('ticketing')
  const caughtUp = watchRevocations({ ...late.telemetry, nats: late.nats })
  await expect.poll(() => caughtUp.isRevoked(sessionId), WITHIN).toBe(true)
  expect(caughtUp.isRevoked(randomUUID())).toBe(false)
})

test('what was heard stays known while the broker is away, what is new is heard when it is back', async () => {
  await using gateway = connect('gateway')
  await using verifier = connect('booking')
  const heard = watchRevocations({ ...verifier.telemetry, nats: verifier.nats })
  const [before, after] = [randomUUID(), randomUUID()]
  await expect.poll(() => gateway.nats.connected).toBe(true)
  await publishRevocation(gateway.nats, before, inAMinute())
  await expect.poll(() => heard.isRevoked(before), WITHIN).toBe(true)

  await server.kill()
  await expect.poll(() => gateway.nats.connected, WITHIN).toBe(false)
  expect(heard.isRevoked(before)).toBe(true)
  await expect(publishRevocation(gateway.nats, after, inAMinute())).rejects.toThrow()
  await server.start()
  await expect.poll(() => gateway.nats.connected, WITHIN).toBe(true)
  await publishRevocation(gateway.nats, after, inAMinute())
  await expect.poll(() => heard.isRevoked(after), WITHIN).toBe(true)
})
