import { fileURLToPath } from 'node:url'
import { createBackends, createGrafanaClient } from '@faultline/backends-client'
import { describe, expect, it } from 'vitest'
import type { Context } from '../src/context.ts'
import { grafanaProbe } from '../src/grafana/grafana.ts'
import { runVerify } from '../src/index.ts'
import { loadDashboards } from '../src/panels/dashboard.ts'
import { attribute } from '../src/report/attribute.ts'
import type { Check } from '../src/report/check.ts'
import { type Asked, backends, fakeServer, grafana, type Respond } from './support/fake-grafana.ts'

// No Grafana runs here: a server answers in its place, as its documentation and public issues say.

const DASHBOARDS = fileURLToPath(new URL('../../../grafana/dashboards', import.meta.url))
const BEGIN_MS = 1_795_410_000_400
const SENT_MS = 1_795_410_006_700

/** What the probe finds once its patience is over, with causes told from consequences. */
async function checksWith(atGrafana: Respond, atBackends: Respond = backends): Promise<readonly Check[]> {
  await using fakeGrafana = await fakeServer(atGrafana)
  await using fakeBackends = await fakeServer(atBackends)
  const { url } = fakeBackends
  const context: Context = {
    backends: createBackends({ prometheus: url, loki: url, tempo: url, pyroscope: url }),
    requester: { marker: 'verify-0badcafe', sent: [], orders: [], plan: undefined },
    beginMs: BEGIN_MS,
    sentMs: SENT_MS,
  }
  const client = createGrafanaClient({ baseUrl: fakeGrafana.url })
  const findings = await grafanaProbe(context, client, await loadDashboards(DASHBOARDS)).observe()
  return attribute(findings.map((finding) => ({ ...finding, durationMs: 1 }))).checks
}

/** All in order but for some answers. */
const but =
  (path: RegExp, status: number, body: unknown): Respond =>
  (asked) =>
    path.test(asked.path) ? [status, body] : grafana(asked)

const failed = (checks: readonly Check[]) => checks.filter(({ status }) => status === 'fail')
const causes = (checks: readonly Check[]) =>
  failed(checks).filter(({ consequenceOf }) => consequenceOf === undefined)

describe('probe of Grafana', () => {
  it('passes where all is in order, with a query of every kind of data source', async () => {
    const checks = await checksWith(grafana)
    expect(failed(checks)).toEqual([])
    expect(checks.map(({ id }) => id)).toEqual([
      'grafana/permission/explore',
      'grafana/permission/query',
      'grafana/permission/dashboards',
      'grafana/dashboards',
      ...['prometheus', 'loki', 'tempo', 'pyroscope'].map((uid) => `grafana/datasource/${uid}`),
      ...['prometheus', 'loki', 'tempo', 'pyroscope'].map((uid) => `grafana/queries/${uid}`),
    ])
    expect(checks.find(({ id }) => id === 'grafana/queries/tempo')?.seen).toMatch(/“.+” of \w+ 2/)
  })

  it('asks both about the same time, in the past', async () => {
    const asked: Asked[] = []
    const note =
      (respond: Respond): Respond =>
      (request) => {
        asked.push(request)
        return respond(request)
      }
    await checksWith(note(grafana), note(backends))
    const bodies = (path: string) => asked.filter((one) => one.path === path).map(({ body }) => body)
    const times = bodies('/api/v1/query').map((body) => new URLSearchParams(body).get('time'))
    expect(new Set(times)).toEqual(new Set(['1795410006.000']))
    const ranges = bodies('/api/ds/query').map((body) => JSON.parse(body) as { from: string; to: string })
    expect(ranges).toHaveLength(4)
    for (const range of ranges) expect(range).toMatchObject({ from: '1795410000000', to: '1795410006000' })
  })

  it.each([
    [
      // https://github.com/grafana/grafana/issues/132528
      'an unregistered plugin',
      (asked: Asked) =>
        asked.path === '/api/datasources/uid/loki/health' || asked.body.includes('"uid":"loki"')
          ? ([404, { message: 'Plugin not registered', messageId: 'plugin.notRegistered' }] as const)
          : grafana(asked),
      'grafana/datasource/loki',
      /read-only root/,
    ],
    [
      // https://github.com/grafana/grafana/issues/101767
      'a Viewer',
      but(/permissions$/, 200, { 'datasources:query': ['datasources:*'], 'dashboards:read': ['folders:*'] }),
      'grafana/permission/explore',
      /may not explore/,
    ],
    ['a folder that is not mounted', but(/search$/, 200, []), 'grafana/dashboards', /not mounted/],
    [
      // https://github.com/grafana/grafana-tempo-datasource/blob/main/pkg/tempo/tempo.go
      'a proxy between Grafana and Tempo',
      but(/tempo\/health$/, 400, { status: 'ERROR', message: 'Tempo echo endpoint returned status 503' }),
      'grafana/datasource/tempo',
      /NO_PROXY lacks tempo/,
    ],
    [
      'another Prometheus behind Grafana',
      (asked: Asked) => {
        const [status, body] = grafana(asked) ?? [404, {}]
        const isPrometheus = asked.body.includes('"uid":"prometheus"')
        return [
          status,
          isPrometheus ? JSON.parse(JSON.stringify(body).replaceAll('1.5', '2.5')) : body,
        ] as const
      },
      'grafana/queries/prometheus',
      /asks another prometheus/,
    ],
  ] as const)('names the cause of %s, once', async (_, respond, id, cause) => {
    const checks = await checksWith(respond)
    expect(causes(checks)).toMatchObject([{ id, likelyCause: expect.stringMatching(cause) }])
  })

  it('finds nothing to compare where the backends are empty', async () => {
    const empty: Respond = (asked) => {
      const [status, body] = backends(asked) ?? [404, {}]
      if (asked.path.includes('/label/')) return [status, body]
      if (asked.path === '/api/search') return [200, { traces: [] }]
      if (asked.path.startsWith('/querier')) return [200, {}]
      const resultType = asked.path.endsWith('query_range') ? 'streams' : 'vector'
      return [200, { status: 'success', data: { resultType, result: [] } }]
    }
    const found = failed(await checksWith(grafana, empty))
    expect(found.map(({ id }) => id)).toEqual(
      ['prometheus', 'loki', 'tempo', 'pyroscope'].map((uid) => `grafana/queries/${uid}`),
    )
    for (const { seen } of found) expect(seen).toMatch(/no query of a panel has data/)
  })
})

describe('verify where Grafana runs', () => {
  it('reports on it, and says that this was not tried on a running one', async () => {
    await using fakeGrafana = await fakeServer(grafana)
    const gone = 'http://127.0.0.1:1'
    const report = await runVerify({
      endpoints: {
        edge: gone,
        edgeTls: gone,
        gateway: gone,
        prometheus: gone,
        loki: gone,
        tempo: gone,
        pyroscope: gone,
        collectorHealth: gone,
        grafana: fakeGrafana.url,
      },
      dashboards: DASHBOARDS,
    })
    const status = (id: string) => report.checks.find((check) => check.id === id)
    expect(status('reach/grafana')).toMatchObject({ hop: 'grafana', status: 'pass' })
    expect(status('grafana/datasource/tempo')).toMatchObject({ status: 'pass' })
    expect(status('grafana/queries/tempo')).toMatchObject({ status: 'fail', consequenceOf: 'reach/tempo' })
    expect(report.notes).toEqual([expect.stringMatching(/not tried on a running Grafana/)])
  })
})
