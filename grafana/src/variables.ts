import {
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { backend } from './datasources.ts'
import type { Matchers } from './queries/promql.ts'

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
