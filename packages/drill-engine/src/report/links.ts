import type { Endpoints } from '@faultline/runtime'
import type { Evidence } from '../drill.ts'
import type { Window } from '../evidence/answer.ts'

/** Where the pages are that are linked to. */
export type Pages = Pick<Endpoints, 'grafana' | 'prometheus'>

/** Where to go on looking, with the time range set. */
export interface Link {
  readonly title: string
  readonly url: string
}

/** Dashboards of Grafana where it runs. */
export function dashboardLinks({ grafana }: Pages, service: string, window: Window): readonly Link[] {
  if (grafana === undefined) return []
  const range = `from=${Math.floor(window.startMs)}&to=${Math.ceil(window.endMs)}`
  return [
    { title: 'Dashboard Overview', url: `${grafana}/d/overview?${range}` },
    { title: `Dashboard Service: ${service}`, url: `${grafana}/d/service?var-service=${service}&${range}` },
  ]
}

const DATASOURCES = { metrics: 'prometheus', logs: 'loki', traces: 'tempo', profiles: 'pyroscope' } as const

/** Opens the query of evidence: in Grafana's Explore where it runs, else in Prometheus' own page. */
export function queryLink(
  { grafana, prometheus }: Pages,
  evidence: Evidence,
  window: Window,
): Link | undefined {
  if (grafana !== undefined) {
    const datasource = DATASOURCES[evidence.signal]
    const pane = {
      datasource,
      queries: [{ refId: 'A', datasource: { uid: datasource }, ...grafanaQuery(evidence) }],
      range: { from: String(Math.floor(window.startMs)), to: String(Math.ceil(window.endMs)) },
    }
    const panes = encodeURIComponent(JSON.stringify({ drill: pane }))
    return { title: 'open in Grafana', url: `${grafana}/explore?schemaVersion=1&panes=${panes}` }
  }
  if (evidence.signal !== 'metrics') return undefined
  const query = new URLSearchParams({
    'g0.expr': evidence.promql,
    'g0.tab': 'graph',
    'g0.end_input': new Date(window.endMs).toISOString().slice(0, 19).replace('T', ' '),
    'g0.range_input': `${Math.ceil((window.endMs - window.startMs) / 1000)}s`,
  })
  return { title: 'open in Prometheus', url: `${prometheus}/query?${query}` }
}

function grafanaQuery(evidence: Evidence): Record<string, unknown> {
  switch (evidence.signal) {
    case 'metrics':
      return { expr: evidence.promql, range: true }
    case 'logs':
      return { expr: evidence.logql, queryType: 'range' }
    case 'traces':
      return { query: evidence.traceql, queryType: 'traceql' }
    case 'profiles':
      return {
        profileTypeId: evidence.profileType,
        labelSelector: evidence.selector,
        queryType: 'profile',
        groupBy: [],
      }
  }
}
