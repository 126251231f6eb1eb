import {
  DEAD_LETTERS_STREAM,
  deadLetterHeaders,
  deadLetterSubject,
  deadLettersStream,
  FLAGS_BUCKET,
  ORDERS_STREAM,
  ordersStream,
  replaySubject,
} from '@faultline/contracts'
import { connectNats, createFlags, ensureStream } from '@faultline/service-kit'
import { startNats, type TestNats } from '@faultline/test-support/servers'
import { testTelemetry } from '@faultline/test-support/telemetry'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import { connect, headers as createHeaders, type NatsConnection } from '@nats-io/transport-node'
import type { Command } from 'commander'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { deadLettersCommand } from '../src/commands/dead-letters.ts'
import { flagsCommand } from '../src/commands/flags.ts'

let server: TestNats
let connection: NatsConnection

beforeAll(async () => {
  server = await startNats()
  connection = await connect({ servers: server.url })
})
afterAll(async () => {
  await connection?.close()
  await server?.[Symbol.asyncDispose]()
})
beforeEach(async () => {
  const { streams } = await jetstreamManager(connection)
  for await (const { config } of streams.list()) await streams.delete(config.name)
})

/** Runs a command against the test's broker. @returns what it printed */
async function run(command: (connect: () => Promise<NatsConnection>) => Command, ...args: string[]) {
  const lines: unknown[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(line))
  try {
    await command(() => connect({ servers: server.url })).parseAsync(args, { from: 'user' })
  } finally {
    log.mockRestore()
  }
  return lines.join('\n')
}

const flags = (...args: string[]) => run(flagsCommand, ...args)
const deadLetters = (...args: string[]) => run(deadLettersCommand, ...args)

test('flags are shown, set and reset, and services hear of it', async () => {
  const nats = connectNats({ url: server.url, name: 'service', ...testTelemetry() })
  const service = createFlags({ nats, ...testTelemetry() })
  try {
    expect(await flags()).toMatch(/^NAME .*\nretry-policy +protected /)
    expect(await flags('set', 'retry-policy', 'naive')).toBe('retry-policy is naive')
    expect(await flags('set', 'rate-limits', 'false')).toBe('rate-limits is false')
    await vi.waitFor(() => expect(service.value('retry-policy')).toBe('naive'))
    await vi.waitFor(() => expect(service.value('rate-limits')).toBe(false))
    expect(await flags()).toMatch(/retry-policy +naive +\(default protected\)/)
    expect(JSON.parse(await flags('--json'))).toContainEqual(
      expect.objectContaining({ name: 'rate-limits', value: false, default: true, variants: [true, false] }),
    )
    await flags('reset', 'retry-policy')
    await vi.waitFor(() => expect(service.value('retry-policy')).toBe('protected'))
    expect(service.value('rate-limits')).toBe(false)
    await flags('reset')
    await vi.waitFor(() => expect(service.value('rate-limits')).toBe(true))
  } finally {
    await nats.close()
  }
})

test('an unknown flag or value is refused with what there is', async () => {
  await expect(flags('set', 'retry', 'naive')).rejects.toThrow(
    /^there is no flag "retry"; there are retry-policy, /,
  )
  await expect(flags('set', 'retry-policy', 'wild')).rejects.toThrow(
    'retry-policy cannot be "wild"; it can be protected or naive',
  )
  await expect(flags('reset', 'toString')).rejects.toThrow('there is no flag "toString"')
  await expect(new Kvm(connection).open(FLAGS_BUCKET).then((bucket) => bucket.status())).rejects.toThrow()
})

async function giveUp(consumer: string, body: string): Promise<void> {
  const headers = createHeaders()
  headers.set('traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')
  headers.set(deadLetterHeaders.reason, 'max-deliveries')
  headers.set(deadLetterHeaders.error, `Error: ${body} failed`)
  headers.set(deadLetterHeaders.deliveries, '6')
  await jetstream(connection).publish(deadLetterSubject(consumer), body, { headers })
}

test('dead letters are listed with their reason and replayed to their consumer alone, each once', async () => {
  expect(await deadLetters('list')).toBe('There are no dead letters.')
  await ensureStream(connection, ordersStream)
  await ensureStream(connection, deadLettersStream)
  for (const body of ['one', 'two', 'three']) await giveUp('ticket-renderer', body)
  await giveUp('webhook-sender', 'other')

  expect(await deadLetters('list')).toMatch(
    /^NUMBER .*\n1 +ticket-renderer +max-deliveries +6 .*one failed\n/,
  )
  expect(JSON.parse(await deadLetters('list', '--consumer', 'webhook-sender', '--json'))).toMatchObject([
    { sequence: 4, consumer: 'webhook-sender', error: 'Error: other failed', deliveries: 6 },
  ])
  const replay = ['replay', '--consumer', 'ticket-renderer']
  expect(await deadLetters(...replay, '--limit', '2')).toMatch(/^2 replayed/)
  expect(await deadLetters(...replay)).toMatch(/^1 replayed/)
  expect(await deadLetters(...replay)).toMatch(/^0 replayed/)

  const { streams } = await jetstreamManager(connection)
  const { state } = await streams.info(ORDERS_STREAM, { subjects_filter: '>' })
  expect(state.subjects).toEqual({ [replaySubject('ticket-renderer')]: 3 })
  const last = await streams.getMessage(ORDERS_STREAM, { last_by_subj: replaySubject('ticket-renderer') })
  expect(last?.string()).toBe('three')
  expect(last?.header.get('traceparent')).toContain('4bf92f3577b34da6a3ce929d0e0e4736')
  expect(last?.header.has(deadLetterHeaders.reason)).toBe(false)
  expect((await streams.info(DEAD_LETTERS_STREAM)).state.messages).toBe(1)
})

test('an unknown consumer is refused with those that there are', async () => {
  await expect(deadLetters('list', '--consumer', 'nobody')).rejects.toThrow(
    'there is no consumer "nobody"; there are ticket-renderer, webhook-sender',
  )
})
