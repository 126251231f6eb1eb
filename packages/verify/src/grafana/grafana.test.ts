import { BackendRefused, type Permissions } from '@faultline/backends-client'
import { describe, expect, it } from 'vitest'
import { attribute } from '../report/attribute.ts'
import { unreachable } from '../testing/factories.ts'
import { judgeDashboards, judgeDataSource, judgePermissions } from './grafana.ts'

// Grafana's answers as its documentation, its sources and public issues have them.

const loki = { uid: 'loki', type: 'loki' }
const dataSources = [{ uid: 'prometheus', type: 'prometheus' }, loki]

function refusal(status: number, body: unknown): { error: BackendRefused } {
  const call = {
    backend: 'grafana',
    target: 'GET http://127.0.0.1:3000/api',
    query: 'health of loki',
  } as const
  return { error: new BackendRefused(call, status, JSON.stringify(body)) }
}

describe('judgeDataSource', () => {
  it('passes where its own check says OK', () => {
    const value = { status: 'OK', message: 'Data source successfully connected.' }
    expect(judgeDataSource(loki, { value })).toMatchObject({
      id: 'grafana/datasource/loki',
      hop: 'grafana',
      status: 'pass',
    })
  })

  // https://github.com/grafana/grafana-loki-datasource/blob/main/pkg/loki/healthcheck.go
  it('points to address and proxy where Grafana does not reach the backend, unless that is down', () => {
    const value = { status: 'ERROR', message: 'Unable to connect with Loki. Please check the server logs.' }
    const finding = judgeDataSource(loki, { value })
    expect(finding).toMatchObject({
      status: 'fail',
      likelyCause: expect.stringMatching(/LOKI_URL.*NO_PROXY lacks loki$/),
      explainedBy: ['reach/grafana', 'reach/loki'],
    })
  })

  it('knows that the embedded store is not for Grafana’s Pyroscope data source', () => {
    const value = { status: 'ERROR', message: 'unsupported media type' }
    const pyroscope = { uid: 'profiles', type: 'grafana-pyroscope-datasource' }
    expect(judgeDataSource(pyroscope, { value }).likelyCause).toMatch(/embedded store/)
  })

  it.each([
    [
      // https://github.com/grafana/grafana/issues/132528
      'plugin that the updater unloaded',
      404,
      { message: 'Plugin not registered', messageId: 'plugin.notRegistered', statusCode: 404, traceID: '' },
      /grafana#132528/,
      /GF_PLUGINS_PREINSTALL_AUTO_UPDATE=false/,
    ],
    [
      // https://github.com/grafana/grafana-operator/issues/2946
      'plugin that is gone, in other words',
      404,
      { message: 'Unable to find datasource plugin' },
      /not registered/,
      /backgroundinstaller/,
    ],
    [
      // https://github.com/grafana/grafana/issues/83794
      'plugin without a process',
      500,
      { message: 'Plugin unavailable', messageId: 'plugin.unavailable', statusCode: 500, traceID: '' },
      /process does not run.*\/tmp/,
      /pids_limit/,
    ],
    [
      // https://github.com/grafana/grafana/blob/main/pkg/api/datasources.go, CheckDatasourceHealthWithUID
      'data source that was not provisioned',
      500,
      { message: 'Unable to load datasource metadata' },
      /provisioning is not mounted.*umask/,
      /provisioning files/,
    ],
    ['data source that is not there', 404, { message: 'Data source not found' }, /not mounted/, /ls -lR/],
    [
      'role without permission',
      403,
      { message: 'Access denied to datasource' },
      /anonymous access is off, or its role lacks it/,
      /ORG_ROLE=Admin/,
    ],
    ['visitor who is sent away', 401, { message: 'Unauthorized' }, /anonymous access is off/, /ENABLED=true/],
  ])('names the cause of a %s', (_, status, body, cause, nextStep) => {
    expect(judgeDataSource(loki, refusal(status, body))).toMatchObject({
      status: 'fail',
      likelyCause: expect.stringMatching(cause),
      nextStep: expect.stringMatching(nextStep),
      explainedBy: ['reach/grafana', ...(status < 404 ? ['grafana/permission/*'] : [])],
    })
  })

  it('says what it does not know the cause of, and waits for what does not answer', () => {
    const refused = judgeDataSource(loki, refusal(502, { message: 'bad gateway' }))
    expect(refused.seen).toContain('status 502: bad gateway')
    expect(judgeDataSource(loki, unreachable('grafana'))).toMatchObject({
      status: 'fail',
      likelyCause: 'grafana does not run',
    })
  })
})

describe('judgeDashboards', () => {
  const expected = [
    { uid: 'overview', title: 'Overview' },
    { uid: 'service', title: 'Service' },
  ]
  const found = (...uids: string[]) => ({
    value: uids.map((uid) => ({ uid, title: uid, folderUid: 'faultline' })),
  })

  it('passes where all are there, whatever else is', () => {
    expect(judgeDashboards(expected, found('service', 'theirs', 'overview')).status).toBe('pass')
  })

  // https://github.com/grafana/grafana/issues/16305: permission denied is logged, and Grafana runs without
  it('tells a folder that is not there from a file that is not', () => {
    expect(judgeDashboards(expected, found('theirs'))).toMatchObject({
      status: 'fail',
      seen: 'missing: “Overview” (overview), “Service” (service); 1 others found',
      likelyCause: expect.stringMatching(/not mounted.*umask/),
      explainedBy: ['reach/grafana', 'grafana/permission/dashboards'],
    })
    expect(judgeDashboards(expected, found('service'))).toMatchObject({
      status: 'fail',
      seen: 'missing: “Overview” (overview)',
      likelyCause: expect.stringMatching(/their files/),
    })
  })

  it('says that nobody may look where the search is refused', () => {
    const finding = judgeDashboards(expected, refusal(401, { message: 'Unauthorized' }))
    expect(finding).toMatchObject({ status: 'fail', likelyCause: expect.stringMatching(/anonymous access/) })
  })
})

// What roles may do: https://github.com/grafana/grafana/blob/main/pkg/api/accesscontrol.go (FixedRoleRegistrations)
describe('judgePermissions', () => {
  const viewer = {
    'datasources:read': ['datasources:uid:grafana', 'datasources:*'],
    'datasources:query': ['datasources:uid:grafana', 'datasources:*'],
    'dashboards:read': ['folders:uid:faultline'],
  }

  const judge = (value: Permissions) => judgePermissions(dataSources, { value })
  const statuses = (value: Permissions) =>
    judge(value).map(({ id, status }) => [id.split('/').at(-1), status])

  it('passes for who may explore', () => {
    const editor = { ...viewer, 'datasources:explore': [''] }
    expect(judge(editor).every(({ status }) => status === 'pass')).toBe(true)
    const eachAlone = {
      ...editor,
      'datasources:query': ['datasources:uid:prometheus', 'datasources:uid:loki'],
    }
    expect(judge(eachAlone).every(({ status }) => status === 'pass')).toBe(true)
  })

  // https://github.com/grafana/grafana/issues/101767
  it('says of a Viewer that no link works', () => {
    expect(judge(viewer)).toMatchObject([
      {
        id: 'grafana/permission/explore',
        status: 'fail',
        seen: 'it lacks datasources:explore',
        likelyCause: expect.stringMatching(/Viewer, which may not explore/),
        nextStep: expect.stringMatching(/GF_AUTH_ANONYMOUS_ORG_ROLE=Admin/),
      },
      { status: 'pass' },
      { status: 'pass' },
    ])
  })

  it('does not take the built-in data source for all of them, nor the folder for nothing', () => {
    const value = { 'datasources:explore': [''], 'datasources:query': ['datasources:uid:grafana'] }
    expect(statuses(value)).toEqual([
      ['explore', 'pass'],
      ['query', 'fail'],
      ['dashboards', 'fail'],
    ])
    expect(judge(value)[1]?.seen).toBe('it lacks datasources:query of prometheus, loki')
  })

  it('says once that anonymous access is off: each explains the others', () => {
    const findings = judgePermissions(dataSources, refusal(401, { message: 'Unauthorized' }))
    const roots = attribute(findings.map((finding) => ({ ...finding, durationMs: 1 }))).checks.filter(
      ({ consequenceOf }) => consequenceOf === undefined,
    )
    expect(roots).toMatchObject([{ status: 'fail', likelyCause: expect.stringMatching(/access is off/) }])
  })
})
