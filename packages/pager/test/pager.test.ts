import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Pager, startPager } from '../src/pager.ts'

let dataDirectory: string
let pager: Pager

const start = (): Promise<Pager> =>
  startPager({ host: '127.0.0.1', port: 0, dataDirectory, logger: pino({ level: 'silent' }) })

beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'pager-'))
  pager = await start()
})

afterEach(async () => {
  await pager.close()
  await rm(dataDirectory, { recursive: true })
})

const post = (body: unknown): Promise<Response> =>
  fetch(`${pager.url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

/** As Prometheus sends one: https://prometheus.io/docs/alerting/latest/clients/ */
function alert(endsInMs: number): unknown {
  return {
    annotations: { summary: 'burns' },
    startsAt: '2026-11-25T04:00:00.123Z',
    endsAt: new Date(Date.now() + endsInMs).toISOString(),
    generatorURL: 'http://127.0.0.1:9090/graph?g0.expr=x',
    labels: { alertname: 'CatalogAvailabilityFastBurn', severity: 'page', service: 'catalog' },
  }
}

const incidents = async (query = ''): Promise<unknown> =>
  (await fetch(`${pager.url}/api/v1/incidents${query}`)).json()

test('what Prometheus posts fires, shows as active, resolves, and stays in the history', async () => {
  expect((await post([alert(240_000)])).status).toBe(200)
  expect(await (await fetch(`${pager.url}/api/v2/alerts`)).json()).toMatchObject([
    { labels: { alertname: 'CatalogAvailabilityFastBurn' }, status: { state: 'active' } },
  ])
  expect((await post([alert(-1000)])).status).toBe(200)
  expect(await (await fetch(`${pager.url}/api/v2/alerts`)).json()).toEqual([])
  const past = { resolution: 'reported', labels: { severity: 'page' } }
  expect(await incidents()).toMatchObject({ incidents: [past] })
  expect(await incidents(`?since=${Date.now() + 1000}`)).toEqual({ incidents: [] })
})

test('a restarted pager knows what it paged', async () => {
  await post([alert(240_000)])
  const before = await incidents()
  await pager.close()
  pager = await start()
  expect(await incidents()).toEqual(before)
})

test('a history that is not readable is set aside, and the pager goes on', async () => {
  await pager.close()
  await writeFile(join(dataDirectory, 'incidents.json'), '{ half of a')
  pager = await start()
  expect(await incidents()).toEqual({ incidents: [] })
  expect(await readFile(join(dataDirectory, 'incidents.json.unreadable'), 'utf8')).toBe('{ half of a')
})

test.each([
  ['no JSON', '{'],
  ['no list', { labels: {} }],
  [
    'an alert without a name',
    [{ labels: { severity: 'page' }, startsAt: '2026-11-25T04:00:00Z', endsAt: '2026-11-25T04:00:00Z' }],
  ],
  ['a time that is none', [{ labels: { alertname: 'A' }, startsAt: 'yesterday', endsAt: 'today' }]],
])('%s is refused and pages nobody', async (_what, body) => {
  expect((await post(body)).status).toBe(400)
  expect(await incidents()).toEqual({ incidents: [] })
})

test('a body over the bound is refused', async () => {
  const huge = [{ labels: { alertname: 'x'.repeat(3_000_000) } }]
  expect([400, 413]).toContain((await post(huge)).status)
})
