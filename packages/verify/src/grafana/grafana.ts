import type { DataSourceHealth, GrafanaClient, Permissions } from '@faultline/backends-client'
import pMap from 'p-map'
import { type CallResult, resultOf } from '../call-result.ts'
import { type Context, isLate } from '../context.ts'
import type { Dashboard } from '../panels/dashboard.ts'
import type { Probe } from '../probe.ts'
import { type Finding, fail } from '../report/check.ts'
import { compare, judgeQueries } from './queries.ts'
import { BACKEND_OF, type DataSource, failedAtGrafana, NOT_ALLOWED } from './refusals.ts'

/** What a report says where Grafana was looked at. */
export const UNTRIED =
  'Checks of Grafana were written against its documentation and not tried on a running Grafana: doubt them too.'

/**
 * Whether Grafana can show what is there: each data source is healthy, every dashboard present, the anonymous user may
 * look and explore, and of each dashboard and data source one query gives through Grafana what the backend says.
 *
 * Written against Grafana's documentation, its sources and public issues; not tried on a running Grafana.
 */
export function grafanaProbe(
  context: Context,
  client: GrafanaClient,
  dashboards: readonly Dashboard[],
): Probe {
  const dataSources = dataSourcesOf(dashboards)
  const passed = new Map<string, readonly Finding[]>()
  /** Asks and judges, unless all of it has passed before. */
  const unlessPassed = async (what: string, judge: () => Promise<readonly Finding[]>) => {
    const findings = passed.get(what) ?? (await judge())
    if (findings.every(({ status }) => status === 'pass')) passed.set(what, findings)
    return findings
  }
  return {
    name: 'grafana',
    hop: 'grafana',
    late: () => isLate(context, 'profiles'),
    intervalMs: 2_000,
    async observe() {
      const atGrafana = await Promise.all([
        unlessPassed('permissions', async () =>
          judgePermissions(dataSources, await resultOf(client.permissions())),
        ),
        unlessPassed('dashboards', async () => [
          judgeDashboards(dashboards, await resultOf(client.dashboards())),
        ]),
        ...dataSources.map((dataSource) =>
          unlessPassed(`health ${dataSource.uid}`, async () => [
            judgeDataSource(dataSource, await resultOf(client.dataSourceHealth(dataSource.uid))),
          ]),
        ),
      ])
      const queries = await pMap(
        dataSources,
        (dataSource) =>
          unlessPassed(`queries ${dataSource.uid}`, async () => {
            const compared = await resultOf(compare(dataSource, dashboards, client, context))
            return [judgeQueries(dataSource, compared)]
          }),
        { concurrency: 1 },
      )
      return [...atGrafana, ...queries].flat()
    },
  }
}

/** The data sources that dashboards take unless someone chooses another. */
function dataSourcesOf(dashboards: readonly Dashboard[]): DataSource[] {
  const variables = dashboards.flatMap((dashboard) => dashboard.variables)
  const named = variables.filter(({ type }) => type === 'datasource')
  const all = named.flatMap(({ query, current }) => current.map((uid): DataSource => ({ uid, type: query })))
  return [...new Map(all.map((one) => [one.uid, one])).values()]
}

/** Whether Grafana reaches the backend behind a data source, by the data source's own check. */
export function judgeDataSource({ uid, type }: DataSource, answer: CallResult<DataSourceHealth>): Finding {
  const backend = BACKEND_OF[type] ?? uid
  const finding = {
    id: `grafana/datasource/${uid}`,
    hop: 'grafana',
    expected: 'its own check says OK',
    query: `GET /api/datasources/uid/${uid}/health`,
    explainedBy: ['reach/grafana'],
  } as const
  if ('error' in answer) return { ...finding, ...failedAtGrafana(answer.error) }
  const { status, message } = answer.value
  const seen = `${status}: ${message}`
  if (status === 'OK') return { ...finding, status: 'pass', seen }
  const embedded =
    backend === 'pyroscope' ? '; the embedded store in Pyroscope’s place has no answer for Grafana' : ''
  return fail(finding, {
    seen,
    likelyCause: `Grafana does not reach ${backend} from where it runs: another address in ${backend.toUpperCase()}_URL, or a proxy between them whose NO_PROXY lacks ${backend}${embedded}`,
    nextStep: `${backend.toUpperCase()}_URL, HTTP_PROXY and NO_PROXY in Grafana’s environment; faultline logs grafana`,
    explainedBy: [...finding.explainedBy, `reach/${backend}`],
  })
}

/** Whether every dashboard is there, by uid. */
export function judgeDashboards(
  expected: readonly { readonly uid: string; readonly title: string }[],
  answer: CallResult<readonly { readonly uid: string }[]>,
): Finding {
  const finding = {
    id: 'grafana/dashboards',
    hop: 'grafana',
    expected: `the ${expected.length} dashboards of the folder`,
    query: 'GET /api/search?type=dash-db',
    explainedBy: ['reach/grafana', 'grafana/permission/dashboards'],
  } as const
  if ('error' in answer) return { ...finding, ...failedAtGrafana(answer.error) }
  const missing = expected.filter(({ uid }) => answer.value.every((found) => found.uid !== uid))
  if (missing.length === 0) return { ...finding, status: 'pass', seen: `${expected.length} found` }
  const seen = `missing: ${missing.map(({ title, uid }) => `“${title}” (${uid})`).join(', ')}`
  if (missing.length < expected.length) {
    return fail(finding, {
      seen,
      likelyCause:
        'Grafana may not read their files or does not understand them, or another dashboard has their uid',
      nextStep: 'ls -l grafana/dashboards; faultline logs grafana, for provisioning.dashboard',
    })
  }
  return fail(finding, {
    seen: `${seen}; ${answer.value.length} others found`,
    likelyCause:
      'the folder of dashboards or grafana/provisioning is not mounted, or Grafana may not read it (umask, SELinux)',
    nextStep:
      'ls -lR grafana/dashboards grafana/provisioning: everybody needs r, and x on folders; GRAFANA_DASHBOARDS_DIR; faultline logs grafana, for provisioning.dashboard',
  })
}

/** Whether who comes without signing in may follow links, ask the data sources and look at dashboards. */
export function judgePermissions(
  dataSources: readonly DataSource[],
  answer: CallResult<Permissions>,
): Finding[] {
  const common = {
    hop: 'grafana',
    query: 'GET /api/access-control/user/permissions',
    explainedBy: ['reach/grafana'],
  } as const
  const permissions = 'value' in answer ? answer.value : {}
  const scopes = (action: string) => permissions[action] ?? []
  const mayQuery = ({ uid }: DataSource) =>
    scopes('datasources:query').some((scope) =>
      ['*', 'datasources:*', 'datasources:uid:*', `datasources:uid:${uid}`].includes(scope),
    )
  const mayNotQuery = dataSources.filter((one) => !mayQuery(one)).map(({ uid }) => uid)
  const all = [
    {
      name: 'explore',
      expected: 'the anonymous user has datasources:explore',
      lacking: permissions['datasources:explore'] === undefined ? 'datasources:explore' : '',
      likelyCause:
        'the anonymous role is Viewer, which may not explore: no link from a metric, line or span leads anywhere',
    },
    {
      name: 'query',
      expected: 'the anonymous user has datasources:query of every data source',
      lacking: mayNotQuery.length > 0 ? `datasources:query of ${mayNotQuery.join(', ')}` : '',
      likelyCause: 'the anonymous role is None, or permissions of data sources were changed by hand',
    },
    {
      name: 'dashboards',
      expected: 'the anonymous user has dashboards:read',
      lacking: scopes('dashboards:read').length === 0 ? 'dashboards:read' : '',
      likelyCause: 'the anonymous role is None, or permissions of the folder were changed by hand',
    },
  ]
  return all.map(({ name, expected, lacking, likelyCause }): Finding => {
    const finding = { ...common, id: `grafana/permission/${name}`, expected }
    if ('error' in answer) {
      const explainedBy = [...common.explainedBy, 'grafana/permission/*']
      return { ...finding, ...failedAtGrafana(answer.error), explainedBy }
    }
    if (lacking === '') return { ...finding, status: 'pass', seen: 'it has' }
    const { nextStep } = NOT_ALLOWED
    return fail(finding, { seen: `it lacks ${lacking}`, likelyCause, nextStep })
  })
}
