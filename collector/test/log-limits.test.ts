/** What the services cut a log record to, the real Loki takes, after the collector has been at it. */
import type { LokiClient } from '@faultline/backends-client'
import { boundAttributes } from '@faultline/telemetry/record-bounds'
import { type Backend, startLoki } from '@faultline/test-support/backends'
import { attributes, logRecord, logs, type Plain, send } from '@faultline/test-support/otlp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Collector } from './support/collector.ts'

const many = (count: number, value: Plain) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`field.${index}`, value]))

/** Fields of a log record as somebody's code may make them. */
const RECORDS: readonly (readonly [string, Readonly<Record<string, Plain>>])[] = [
  ['one field of 77 KB', { dump: 'x'.repeat(77_000) }],
  ['77 KB in two-byte letters', { dump: 'é'.repeat(77_000) }],
  ['seven fields of 11 KB', many(7, 'x'.repeat(11_000))],
  ['400 fields', many(400, 'x')],
  ['an object of 400', { object: many(400, 'x') }],
  ['an object whose long name stands before each of its leaves', { ['n'.repeat(500)]: many(140, 'x') }],
  ['a list that doubles with its quotes', { list: Array.from({ length: 1_000 }, () => '"'.repeat(40)) }],
  ['control characters, which JSON writes in six', { list: ['\u0001'.repeat(15_000)] }],
  [
    'a secret, which makes text of an object',
    { object: { ...many(5, '"'.repeat(9_000)), password: 'hunter2' } },
  ],
  ['names without a letter', { '': 'x', 日本: 'x', '--': 'x', ok: 'x'.repeat(77_000) }],
]

let loki: Backend<LokiClient>
let collector: Collector

beforeAll(async () => {
  loki = await startLoki()
  collector = await Collector.start({ environment: { LOKI_OTLP_ENDPOINT: `${loki.url}/otlp` } })
})

afterAll(async () => {
  await collector?.[Symbol.asyncDispose]()
  await loki?.[Symbol.asyncDispose]()
})

/** Lines of a service that have arrived, in alphabetical order. */
async function lines(service: string): Promise<readonly string[]> {
  const { entries } = await loki.client.queryRange(`{service_name="${service}"}`, {
    startMs: Date.now() - 600_000,
    endMs: Date.now() + 60_000,
  })
  return entries.map(({ line }) => line.slice(0, 8)).sort()
}

/** One that is cut, and one beside it in the same request. */
function twoOf(service: string, body: string, values: Readonly<Record<string, Plain>>) {
  const [logsOfService] = logs([logRecord(body, values), logRecord('beside')], service).resourceLogs ?? []
  const resource = attributes({ 'service.name': service, 'process.command_args': 'x'.repeat(8_000) })
  return { resourceLogs: [{ ...logsOfService, resource: { attributes: resource } }] }
}

test.each(RECORDS)('%s', async (name, values) => {
  const service = name.replaceAll(/\W+/g, '-')
  const bounded = boundAttributes(values)
  await send(collector.otlp, '/v1/logs', twoOf(service, 'the one', bounded.attributes as typeof values))
  await expect.poll(() => lines(service), { timeout: 10_000 }).toEqual(['beside', 'the one'])
})
