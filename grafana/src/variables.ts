import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableHide,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import type { Matchers } from './queries/promql.ts'

/** The backends, by the uid that the provisioning gives their data source; each is also a variable of that name. */
export const backends = ['prometheus', 'loki', 'tempo', 'pyroscope'] as const
export type Backend = (typeof backends)[number]

/** Grafana's plugin id of each backend's data source. */
export const pluginIds: Record<Backend, string> = {
  prometheus: 'prometheus',
  loki: 'loki',
  tempo: 'tempo',
  pyroscope: 'grafana-pyroscope-datasource',
}

/**
 * Reference to a backend through its variable, so that the same JSON works where the data source has another uid:
 * an imported dashboard takes that Grafana's own.
 */
export const backend = (name: Backend): { type: string; uid: string } => ({
  type: pluginIds[name],
  uid: `\${${name}}`,
})

const labels: Record<Backend, string> = {
  prometheus: 'Metrics',
  loki: 'Logs',
  tempo: 'Traces',
  pyroscope: 'Profiles',
}

/** The variables behind `backend()`, out of the way in the controls menu. */
export const backendVariables = (): DatasourceVariableBuilder[] =>
  backends.map((name) =>
    new DatasourceVariableBuilder(name)
      .label(labels[name])
      .type(pluginIds[name])
      .current({ text: name, value: name })
      .hide(VariableHide.InControlsMenu),
  )

/** Spells a variable of a dashboard or of Grafana so that Grafana puts its value there: `${name}`. */
export const placeholder = (name: string): string => `\${${name}}`

const requests = 'http_server_request_duration_seconds_count'

/** One service, of those that answer HTTP requests. */
export const serviceVariable = (initially: string): QueryVariableBuilder =>
  new QueryVariableBuilder('service')
    .label('Service')
    .datasource(backend('prometheus'))
    .query({ query: `label_values(${requests}, service_name)`, refId: 'service' })
    .refresh(VariableRefresh.OnDashboardLoad)
    .sort(VariableSort.AlphabeticalAsc)
    .current({ text: initially, value: initially })

/** Replicas of that service: all, or some of them. */
export const instanceVariable = (): QueryVariableBuilder =>
  new QueryVariableBuilder('instance')
    .label('Replica')
    .datasource(backend('prometheus'))
    .query({
      query: `label_values(${requests}{service_name="$service"}, service_instance_id)`,
      refId: 'instance',
    })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
    .multi(true)
    .includeAll(true)
    // Not the list of today's replicas: one that has gone is in the time range too.
    .allValue('.*')
    .current({ text: ['All'], value: ['$__all'] })

/** Free text that log lines must hold; empty for all lines. */
export const searchVariable = (): TextBoxVariableBuilder =>
  new TextBoxVariableBuilder('search')
    .label('Log lines with')
    .defaultValue('')
    .current({ text: '', value: '' })

/** The chosen service and replicas. */
export const chosen = {
  service_name: '="$service"',
  service_instance_id: '=~"$instance"',
} as const satisfies Matchers

/** The chosen service, for what is not known by replica. */
export const chosenService = { service_name: chosen.service_name } as const satisfies Matchers
