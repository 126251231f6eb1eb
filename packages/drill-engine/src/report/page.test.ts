import type { Span } from '@faultline/backends-client'
import { expect, test } from 'vitest'
import type { Drill } from '../drill.ts'
import type { Verdict } from '../verdict.ts'
import { type Material, renderPage } from './page.ts'

const window = { startMs: 0, endMs: 60_000 }
const yes = { value: 3, met: true }
const no = { value: 0, met: false }

const span: Span = {
  traceId: 'abc123',
  spanId: '1',
  parentSpanId: undefined,
  name: 'SELECT seats',
  kind: 'client',
  startMs: 0,
  durationMs: 1400,
  status: 'error',
  attributes: {},
  resource: {},
  serviceName: 'catalog',
}

const common = { shows: 'It <shows>', because: 'reasons', threshold: { above: 1 } }
const drill: Drill = {
  name: 'a-drill',
  title: 'A drill',
  teaches: 'Much.',
  load: { scenario: 'steady', rate: 1 },
  faults: [{ kind: 'sql', inject: [], undo: [] }],
  evidence: [
    { ...common, id: 'm', signal: 'metrics', promql: 'x', unit: 'seconds' },
    { ...common, id: 'l', signal: 'logs', logql: '{}' },
    { ...common, id: 't', signal: 'traces', traceql: '{}' },
    {
      ...common,
      id: 'p',
      signal: 'profiles',
      profileType: '',
      selector: '',
      frame: 'parse',
    },
  ],
  objectives: ['catalog-latency'],
  cause: { service: 'catalog', span: '^SELECT', statement: 'SELECT 1', explanation: 'Because.', traceql: '' },
  redHerrings: [],
  recovery: { kind: 'returns' },
  protection: { title: 'a shield', explanation: 'It holds.', price: 'Much.', without: [] },
  seconds: { baseline: 1, fault: 1, faultAtMost: 2, recoveryAtMost: 1, cure: 1 },
}

const leaf = (name: string, total: number) => ({ name, total, self: total, children: [] })
const answers = {
  m: { signal: 'metrics', series: [] },
  l: {
    signal: 'logs',
    entries: [
      {
        timeMs: 0,
        line: '</script><img src=x>',
        labels: { service_name: 'catalog' },
        metadata: {},
      },
    ],
    limit: 9,
  },
  t: { signal: 'traces', found: [], limit: 9, example: { traceId: 'abc123', spans: [span] } },
  p: {
    signal: 'profiles',
    graph: {
      total: 10,
      root: { ...leaf('total', 10), self: 0, children: [leaf('parse', 6), leaf('(idle)', 4)] },
    },
    window,
    before: undefined,
  },
} as const

const verdict: Verdict = {
  drill: 'a-drill',
  title: 'A drill',
  control: false,
  outcome: 'passed',
  failures: [],
  servedBefore: 1,
  startedAt: '2026-11-25T04:00:00.000Z',
  durationSeconds: 60,
  phases: [
    { name: 'baseline', startMs: 0, endMs: 10_000 },
    { name: 'fault', startMs: 10_000, endMs: 40_000 },
    { name: 'recovery', startMs: 40_000, endMs: 50_000 },
    { name: 'cure', startMs: 50_000, endMs: 60_000 },
  ],
  page: undefined,
  alerts: [
    {
      alert: 'SlowBurn',
      severity: 'page',
      service: 'catalog',
      summary: 'burns',
      firedAtMs: 20_000,
      resolvedAtMs: 45_000,
    },
  ],
  timeToPageSeconds: 10,
  budget: { used: 0.02, peakBurnRate: 80 },
  evidence: [],
  cause: {
    traceId: 'abc123',
    spanId: '1',
    service: 'catalog',
    span: 'SELECT seats',
    times: 1,
    share: 1,
    statement: 'SELECT 1',
  },
  redHerrings: [],
  blastRadius: [
    {
      service: 'catalog',
      route: 'GET /x',
      harmed: true,
      errorRatio: 0.7,
      errorRatioBefore: 0,
      p95: 1.4,
      p95Before: 0.01,
    },
  ],
  recovery: { kind: 'returns', ok: true, seconds: 8, alertsResolved: true },
  cure: { ok: true, errorRatio: 0, budget: 0.01, paged: false },
  load: { planned: 10, offered: 10, share: 1 },
}

const material: Material = {
  window,
  badRatio: [{ label: 'bad share', times: [1, 2], values: [0, 0.5] }],
  load: [],
  metrics: { m: [{ label: 'x', times: [1], values: [3] }] },
}

async function page(grafana?: string): Promise<string> {
  const measured = { baseline: no, fault: yes, recovered: no, status: 'met' } as const
  const evidence = drill.evidence.map(({ id, signal, shows, because }) => ({
    verdict: { id, signal, shows, because, query: 'q', threshold: 'above 1', ...measured },
    answers: { baseline: answers[id as 'm'], fault: answers[id as 'm'], recovered: undefined },
  }))
  const endpoints = { prometheus: 'http://127.0.0.1:9090', ...(grafana === undefined ? {} : { grafana }) }
  return renderPage({ verdict, evidence }, drill, endpoints, material)
}

test('the report is one file: nothing in it is loaded from elsewhere', async () => {
  const text = await page()
  expect(text).not.toMatch(/<link|<img|@import|<script[^>]* src=/)
  expect(text).toContain('uPlot')
})

test('what backends said is shown as text, never run', async () => {
  const text = await page()
  expect(text).toContain('&lt;/script&gt;&lt;img src=x&gt;')
  expect(text).toContain('It &lt;shows&gt;')
})

test('all four signals are drawn: chart, lines, waterfall with the cause, flame graph without idle time', async () => {
  const text = await page()
  expect(text).toContain('id="chart-m"')
  expect(text).toContain('class="span error cause"')
  expect(text).toMatch(/<text[^>]*>parse<\/text>/)
  expect(text).not.toContain('(idle):')
})

test('the data of every chart that has a place is in the page, over the time of the drill', async () => {
  const text = await page()
  const [, json = '{}'] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(text) ?? []
  const { charts } = JSON.parse(json) as { charts: { id: string; from: number; to: number }[] }
  for (const { id } of charts) expect(text).toContain(`id="${id}"`)
  const byId = Object.fromEntries(charts.map((chart) => [chart.id, chart]))
  expect(byId['chart-without']).toMatchObject({ from: 10, to: 40, top: 1 })
  expect(byId['chart-with']).toMatchObject({ from: 50, to: 60, top: 1 })
  expect(byId['chart-m']).toMatchObject({ from: 0, to: 60, threshold: 1 })
})

test('links lead into the dashboards where they run, else to Prometheus, with the time range set', async () => {
  const withGrafana = await page('http://127.0.0.1:3000')
  expect(withGrafana).toContain('http://127.0.0.1:3000/d/service?var-service=catalog&amp;from=0&amp;to=60000')
  expect(withGrafana).toContain('http://127.0.0.1:3000/explore?')
  const without = await page()
  expect(without).toContain('http://127.0.0.1:9090/query?g0.expr=x')
  expect(without).toContain('g0.range_input=60s')
})
