import { randomUUID } from 'node:crypto'
import { FLAGS_BUCKET } from '@faultline/contracts'
import { freePort } from '@faultline/test-support/ports'
import { startNats, type TestNats } from '@faultline/test-support/servers'
import { type TestTelemetry, testTelemetry } from '@faultline/test-support/telemetry'
import { type KV, Kvm } from '@nats-io/kv'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { connectNats, createFlags, type Flags, type Nats } from '../src/index.ts'

/** What the design promises for a flip. */
const WITHIN = { timeout: 1_000, interval: 10 }

interface Replica extends AsyncDisposable {
  readonly flags: Flags
  readonly telemetry: TestTelemetry
  readonly nats: Nats
}

function startReplica(url: string): Replica {
  const telemetry = testTelemetry()
  const nats = connectNats({ url, name: 'replica', ...telemetry, retryMs: 20 })
  const flags = createFlags({ nats, ...telemetry, domain: randomUUID() })
  return { flags, telemetry, nats, [Symbol.asyncDispose]: () => nats.close() }
}

const warnings = ({ telemetry }: Replica) => telemetry.lines.filter(({ level }) => level === 40)

let server: TestNats
let operator: Nats
let bucket: KV

beforeAll(async () => {
  server = await startNats()
  operator = connectNats({ url: server.url, name: 'operator', ...testTelemetry(), retryMs: 20 })
})
afterAll(async () => {
  await operator.close()
  await server?.[Symbol.asyncDispose]()
})
beforeEach(async () => {
  bucket = await new Kvm(await operator.connection()).create(FLAGS_BUCKET)
  await bucket.destroy()
})

/** The operator's view of the bucket, which the replica makes if need be. */
async function openBucket(): Promise<KV> {
  return new Kvm(await operator.connection()).create(FLAGS_BUCKET)
}

test('without a broker every flag has its default', async () => {
  await using replica = startReplica(`nats://127.0.0.1:${await freePort()}`)
  expect(replica.flags.value('retry-policy')).toBe('protected')
  expect(replica.flags.value('webhook-address-guard')).toBe(true)
  expect(await replica.flags.client.getStringValue('retry-policy', 'elsewhere')).toBe('protected')
})

test('a bucket that is missing at the start is made, and a flip reaches every replica within a second', async () => {
  await using one = startReplica(server.url)
  await using two = startReplica(server.url)
  const kv = await openBucket()
  await kv.put('rate-limits', 'false')
  for (const { flags, telemetry } of [one, two]) {
    await vi.waitFor(() => expect(flags.value('rate-limits')).toBe(false), WITHIN)
    expect(await flags.client.getBooleanValue('rate-limits', true)).toBe(false)
    const labels = { feature_flag_key: 'rate-limits' }
    const active = (variant: string) =>
      telemetry.value('feature_flag_active', { ...labels, feature_flag_result_variant: variant })
    expect([await active('true'), await active('false')]).toEqual([0, 1])
  }
  await kv.delete('rate-limits')
  for (const { flags } of [one, two]) {
    await vi.waitFor(() => expect(flags.value('rate-limits')).toBe(true), WITHIN)
  }
})

test('values outlive a killed broker, and what changed meanwhile is caught up on', async () => {
  await using replica = startReplica(server.url)
  const { flags } = replica
  const kv = await openBucket()
  await kv.put('retry-policy', '"naive"')
  await kv.put('load-shedding', 'false')
  await vi.waitFor(() => expect(flags.value('load-shedding')).toBe(false), WITHIN)

  await server.kill()
  await vi.waitFor(() => expect(replica.nats.connected).toBe(false))
  expect(flags.value('retry-policy')).toBe('naive')
  await server.start()

  await vi.waitFor(() => expect(replica.nats.connected).toBe(true), { timeout: 5_000 })
  await (await openBucket()).put('load-shedding', 'true')
  await vi.waitFor(() => expect(flags.value('load-shedding')).toBe(true), WITHIN)
  expect(flags.value('retry-policy')).toBe('naive')
})

test('a flag that is gone after a reconnect has its default again', async () => {
  await using replica = startReplica(server.url)
  const kv = await openBucket()
  await kv.put('retry-policy', '"naive"')
  await vi.waitFor(() => expect(replica.flags.value('retry-policy')).toBe('naive'), WITHIN)
  // As if the broker came back with an empty disk.
  await kv.destroy()
  await server.kill()
  await vi.waitFor(() => expect(replica.nats.connected).toBe(false))
  await server.start()
  await vi.waitFor(() => expect(replica.flags.value('retry-policy')).toBe('protected'), { timeout: 5_000 })
})

test.each([
  ['a value of another type', 'rate-limits', '"no"'],
  ['a value that the flag does not have', 'retry-policy', '"wild"'],
  ['a text that is not JSON', 'retry-policy', 'naive'],
])('%s means the default, with one warning', async (_case, key, text) => {
  await using replica = startReplica(server.url)
  const kv = await openBucket()
  await kv.put('payment-circuit-breaker', 'false')
  await kv.put(key, text)
  await kv.put(key, text)
  await kv.put('payment-circuit-breaker', 'true')
  await vi.waitFor(() => expect(warnings(replica)).not.toHaveLength(0), WITHIN)
  await vi.waitFor(() => expect(replica.flags.value('payment-circuit-breaker')).toBe(true), WITHIN)
  expect(replica.flags.value('retry-policy')).toBe('protected')
  expect(replica.flags.value('rate-limits')).toBe(true)
  expect(warnings(replica)).toMatchObject([{ 'feature_flag.key': key, stored: text }])
})

test('an unknown flag is ignored with a warning, and OpenFeature gets the default it was asked with', async () => {
  await using replica = startReplica(server.url)
  await (await openBucket()).put('no-such-flag', 'true')
  await vi.waitFor(
    () => expect(warnings(replica)).toMatchObject([{ 'feature_flag.key': 'no-such-flag' }]),
    WITHIN,
  )
  const { client } = replica.flags
  expect(await client.getBooleanDetails('no-such-flag', false)).toMatchObject({
    value: false,
    errorCode: 'FLAG_NOT_FOUND',
  })
  expect(await client.getNumberDetails('retry-policy', 7)).toMatchObject({
    value: 7,
    errorCode: 'TYPE_MISMATCH',
  })
})
