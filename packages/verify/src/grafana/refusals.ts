import { type BackendError, BackendRefused } from '@faultline/backends-client'
import { failedCall } from '../call-result.ts'
import type { Finding } from '../report/check.ts'

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

export const NOT_ALLOWED = {
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
export function failedAtGrafana(
  error: BackendError,
): Required<Pick<Finding, 'status' | 'seen' | 'likelyCause' | 'nextStep' | 'explainedBy'>> {
  const call = failedCall(error)
  if (!(error instanceof BackendRefused) || error.backend !== 'grafana') return call
  if (error.status === 401 || error.status === 403) {
    return { ...call, ...NOT_ALLOWED, explainedBy: [...call.explainedBy, 'grafana/permission/*'] }
  }
  const known = REFUSALS.find(({ says }) => says.test(error.body))
  if (known === undefined) return call
  return { ...call, likelyCause: known.likelyCause, nextStep: known.nextStep }
}
