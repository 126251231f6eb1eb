import {
  type BackendError,
  BackendRefused,
  type DataSourceHealth,
  type FoundDashboard,
  type Permissions,
} from '@faultline/backends-client'
import { type Answer, failedCall } from '../answer.ts'
import type { Finding } from '../report/check.ts'

/** What a report says where Grafana was looked at. */
export const UNTRIED =
  'Checks of Grafana were written against its documentation and not tried on a running Grafana: doubt them too.'

/** A data source that dashboards name. */
export interface DataSource {
  readonly uid: string
  /** Id of its plugin. */
  readonly type: string
}

/** The backend behind each plugin, as its station is named. */
export const BACKEND_OF: Readonly<Record<string, string>> = {
  prometheus: 'prometheus',
  loki: 'loki',
  tempo: 'tempo',
  'grafana-pyroscope-datasource': 'pyroscope',
}

const NOT_PROVISIONED = {
  likelyCause:
    'its provisioning is not there: grafana/provisioning is not mounted, or Grafana may not read it (umask, SELinux)',
  nextStep:
    'ls -lR grafana/provisioning: everybody needs r, and x on folders; faultline logs grafana, for “can’t read … provisioning files”',
} as const

const NOT_ALLOWED = {
  likelyCause: 'whoever comes without signing in may not: anonymous access is off, or its role lacks it',
  nextStep: 'GF_AUTH_ANONYMOUS_ENABLED=true and GF_AUTH_ANONYMOUS_ORG_ROLE=Admin in Grafana’s environment',
} as const

/** Causes of a check that Grafana could not make, by what its answer says; the first that fits. */
const REFUSALS: readonly {
  readonly says: RegExp
  readonly likelyCause: string
  readonly nextStep: string
}[] = [
  {
    says: /plugin[. ]not ?(registered|found)|unable to find datasource plugin/i,
    likelyCause:
      'its plugin is not registered: Grafana’s updater unloads a bundled plugin that it cannot replace on a read-only root (grafana/grafana#132528), or GF_PLUGINS_DISABLE_PLUGINS names it',
    nextStep:
      'GF_PLUGINS_PREINSTALL_AUTO_UPDATE=false in Grafana’s environment, and start it again; faultline logs grafana, for plugin.backgroundinstaller',
  },
  {
    says: /plugin[. ]?(unavailable|requestFailureError)|failed to start plugin/i,
    likelyCause:
      'its plugin’s process does not run: it has no writable /tmp for its socket, or the limit of processes or memory is reached',
    nextStep: 'faultline logs grafana, for the id of the plugin; tmpfs, pids_limit and mem_limit of grafana',
  },
  { says: /data ?source.* not found|unable to load data ?source/i, ...NOT_PROVISIONED },
]

/** As `failedCall`, with the cause where Grafana's refusal tells it. */
export function failedAtGrafana(error: BackendError): ReturnType<typeof failedCall> {
  const call = failedCall(error)
  if (!(error instanceof BackendRefused) || error.backend !== 'grafana') return call
  if (error.status === 401 || error.status === 403) {
    return { ...call, ...NOT_ALLOWED, explainedBy: [...call.explainedBy, 'grafana/permission/*'] }
  }
  const known = REFUSALS.find(({ says }) => says.test(error.body))
  if (known === undefined) return call
  return { ...call, likelyCause: known.likelyCause, nextStep: known.nextStep }
}

/** Whether Grafana reaches the backend behind a data source, by the data source's own check. */
export function judgeDataSource(
  { uid, type }: DataSource,
  answer: Answer<DataSourceHealth>,
  late: boolean,
): Finding {
  const backend = BACKEND_OF[type] ?? uid
  const finding = {
    id: `grafana/datasource/${uid}`,
    hop: 'grafana',
    expected: 'its own check says OK',
    query: `GET /api/datasources/uid/${uid}/health`,
    explainedBy: ['reach/grafana'],
    final: late,
  } as const
  if ('error' in answer) return { ...finding, ...failedAtGrafana(answer.error) }
  const { status, message } = answer.value
  const seen = `${status}: ${message}`
  if (status === 'OK') return { ...finding, status: 'pass', seen }
  const embedded =
    backend === 'pyroscope' ? '; the embedded store in Pyroscope’s place has no answer for Grafana' : ''
  return {
    ...finding,
    status: 'fail',
    seen,
    likelyCause: `Grafana does not reach ${backend} from where it runs: another address in ${backend.toUpperCase()}_URL, or a proxy between them whose NO_PROXY lacks ${backend}${embedded}`,
    nextStep: `${backend.toUpperCase()}_URL, HTTP_PROXY and NO_PROXY in Grafana’s environment; faultline logs grafana`,
    explainedBy: [...finding.explainedBy, `reach/${backend}`],
  }
}

/** Whether every dashboard is there, by uid. */
export function judgeDashboards(
  expected: readonly { readonly uid: string; readonly title: string }[],
  answer: Answer<readonly FoundDashboard[]>,
  late: boolean,
): Finding {
  const finding = {
    id: 'grafana/dashboards',
    hop: 'grafana',
    expected: `the ${expected.length} dashboards of the folder`,
    query: 'GET /api/search?type=dash-db',
    explainedBy: ['reach/grafana', 'grafana/permission/dashboards'],
    final: late,
  } as const
  if ('error' in answer) return { ...finding, ...failedAtGrafana(answer.error) }
  const missing = expected.filter(({ uid }) => answer.value.every((found) => found.uid !== uid))
  if (missing.length === 0) return { ...finding, status: 'pass', seen: `${expected.length} found` }
  const seen = `missing: ${missing.map(({ title, uid }) => `“${title}” (${uid})`).join(', ')}`
  if (missing.length < expected.length) {
    return {
      ...finding,
      status: 'fail',
      seen,
      likelyCause:
        'Grafana may not read their files or does not understand them, or another dashboard has their uid',
      nextStep: 'ls -l grafana/dashboards; faultline logs grafana, for provisioning.dashboard',
    }
  }
  return {
    ...finding,
    status: 'fail',
    seen: `${seen}; ${answer.value.length} others found`,
    likelyCause:
      'the folder of dashboards or grafana/provisioning is not mounted, or Grafana may not read it (umask, SELinux)',
    nextStep:
      'ls -lR grafana/dashboards grafana/provisioning: everybody needs r, and x on folders; GRAFANA_DASHBOARDS_DIR; faultline logs grafana, for provisioning.dashboard',
  }
}

/** Whether who comes without signing in may follow links, ask the data sources and look at dashboards. */
export function judgePermissions(
  dataSources: readonly DataSource[],
  answer: Answer<Permissions>,
  late: boolean,
): Finding[] {
  const common = {
    hop: 'grafana',
    query: 'GET /api/access-control/user/permissions',
    explainedBy: ['reach/grafana'],
    final: late,
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
    return { ...finding, status: 'fail', seen: `it lacks ${lacking}`, likelyCause, nextStep }
  })
}
