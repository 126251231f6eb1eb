import { fileURLToPath } from 'node:url'
import { REPLICAS, type Runtime, type ServiceName } from '@faultline/runtime'
import type { Check, Hop } from '@faultline/verify'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Kit, startKit } from './support/kit.ts'

let kit: Kit
let load: AsyncDisposable

beforeAll(async () => {
  kit = await startKit()
  load = kit.load('steady')
})

afterAll(async () => {
  await load?.[Symbol.asyncDispose]()
  await kit?.[Symbol.asyncDispose]()
})

/** One thing broken for the length of a test, and put right again whatever the test finds. */
interface Sabotage {
  readonly name: string
  readonly expected: { readonly hop: Hop; readonly check: string | RegExp; readonly cause: RegExp }
  inflict(runtime: Runtime): Promise<void>
  undo(runtime: Runtime): Promise<void>
}

const restartCollector = (file: string) => ({
  inflict: (runtime: Runtime) => runtime.restart('collector', { args: ['--config', overlay(file)] }),
  undo: (runtime: Runtime) => runtime.restart('collector'),
})
const overlay = (file: string) => fileURLToPath(new URL(`sabotage/${file}`, import.meta.url))

/** Every replica of the kit's own services. */
const { edge: _, ...instrumented } = REPLICAS
const services: readonly ServiceName[] = Object.values(instrumented).flat()
async function restartServices(runtime: Runtime, env: Record<string, string>): Promise<void> {
  for (const service of services) await runtime.restart(service, { env })
}

/** Events go to the outbox as before, but not the context of the order that they belong to. */
const BLANK_CONTEXT = `
  CREATE FUNCTION booking.blank_context() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.trace_context := '{}'; RETURN NEW; END $$;
  CREATE TRIGGER blank_context BEFORE INSERT ON booking.outbox
    FOR EACH ROW EXECUTE FUNCTION booking.blank_context()`

async function sql(runtime: Runtime, statements: string): Promise<void> {
  const client = new Client({ connectionString: runtime.endpoints().postgres })
  await client.connect()
  try {
    await client.query(statements)
  } finally {
    await client.end()
  }
}

const sabotages: readonly Sabotage[] = [
  {
    name: 'a metric renamed',
    expected: {
      hop: 'metrics',
      check: 'metric/http_server_request_duration_seconds',
      cause: /renamed\? http_server_duration_seconds is present/,
    },
    ...restartCollector('rename-metric.yaml'),
  },
  {
    name: "an exemplar's trace dropped by the sampler",
    expected: { hop: 'exemplar → trace', check: 'exemplars/stored', cause: /sampler drops/ },
    ...restartCollector('drop-kept-traces.yaml'),
  },
  {
    name: 'the trace id left out of logs',
    expected: { hop: 'trace → logs', check: 'link/trace-logs', cause: /leave the trace context out/ },
    ...restartCollector('blank-trace-ids.yaml'),
  },
  {
    name: 'profile labels dropped',
    expected: { hop: 'logs → span profile', check: /^link\/logs-profile\//, cause: /without their labels/ },
    inflict: (runtime) => restartServices(runtime, { FAULTLINE_PROFILES_SPAN_LABELS: 'false' }),
    undo: (runtime) => restartServices(runtime, {}),
  },
  {
    name: 'the trace context lost on its way to the broker',
    expected: { hop: 'order → trace', check: 'order/trace/publish', cause: /without the trace context/ },
    inflict: (runtime) => sql(runtime, BLANK_CONTEXT),
    undo: (runtime) => sql(runtime, 'DROP FUNCTION booking.blank_context() CASCADE'),
  },
  {
    name: 'a shared cache that is not there',
    expected: { hop: 'services', check: 'cache/catalog-1', cause: /shared cache that does not answer/ },
    inflict: (runtime) => runtime.restart('catalog-1', { env: { CACHE_URL: 'redis://127.0.0.1:1' } }),
    undo: (runtime) => runtime.restart('catalog-1'),
  },
  {
    name: 'Loki stopped',
    expected: { hop: 'loki', check: 'reach/loki', cause: /does not run/ },
    inflict: (runtime) => runtime.stop('loki'),
    undo: (runtime) => runtime.start('loki'),
  },
  {
    name: 'the collector stopped',
    expected: { hop: 'collector', check: 'reach/collector', cause: /does not run/ },
    inflict: (runtime) => runtime.stop('collector'),
    undo: (runtime) => runtime.start('collector'),
  },
]

/** What a failing test shows: the checks that failed, without those that only follow from them. */
const causes = (checks: readonly Check[]) =>
  checks
    .filter(({ status, consequenceOf }) => status === 'fail' && consequenceOf === undefined)
    .map(({ id, seen, likelyCause }) => ({ id, seen, likelyCause }))

describe('verify of the running kit under load', () => {
  it('finds everything in order', expectVerified)

  it.each(sabotages)('names the hop that is broken: $name', async ({ inflict, undo, expected }) => {
    try {
      await inflict(kit.runtime)
      const { exitCode, report } = await kit.verify()
      expect(exitCode).toBe(1)
      expect(report.ok).toBe(false)
      expect(report.firstBrokenHop, JSON.stringify(causes(report.checks))).toMatchObject({
        hop: expected.hop,
        check: expect.stringMatching(expected.check),
        likelyCause: expect.stringMatching(expected.cause),
      })
      // Whatever is broken, everything else has been checked too.
      expect(new Set(report.checks.map(({ hop }) => hop)).size).toBeGreaterThan(12)
    } finally {
      await undo(kit.runtime)
    }
  })

  // what an outage held back is sent after a wait that grew with the length of the outage
  it('finds everything in order again once that has arrived', () =>
    vi.waitFor(expectVerified, { timeout: 180_000, interval: 1_000 }))
})

async function expectVerified(): Promise<void> {
  const { exitCode, report } = await kit.verify()
  expect(causes(report.checks)).toEqual([])
  expect(exitCode).toBe(0)
  const instances = Object.entries(instrumented).map(([name, replicas]) => [
    name,
    replicas.map((_, index) => `${name}-${index + 1}`),
  ])
  expect(Object.fromEntries(report.services.map(({ name, instances }) => [name, instances]))).toEqual(
    Object.fromEntries(instances),
  )
  expect(report.counts).toMatchObject({ failed: 0, skipped: 0 })
}
