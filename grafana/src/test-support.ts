/** What the tests of this package share: the committed files, and queries as a backend would get them. */
import { readFileSync } from 'node:fs'
import type { SyntaxNode, Tree } from '@lezer/common'
import type { Expectation } from './dashboards/dashboard.ts'

interface TargetJson {
  refId: string
  datasource: { type: string; uid: string }
  expr?: string
  query?: string
  queryType?: string
  legendFormat?: string
  exemplar?: boolean
  labelSelector?: string
  profileTypeId?: string
}

interface LinkJson {
  title: string
  url?: string
  includeVars?: boolean
  keepTime?: boolean
  placement?: string
}

export interface PanelJson {
  id: number
  type: string
  title: string
  description?: string
  datasource?: { type: string; uid: string }
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: TargetJson[]
  fieldConfig?: {
    defaults: { unit?: string; noValue?: string; links?: LinkJson[] }
    overrides: { matcher: { id: string; options: string }; properties: { id: string; value: unknown }[] }[]
  }
}

interface VariableJson {
  name: string
  type: string
  query?: string | { query: string }
  current?: { value: string | string[] }
}

export interface DashboardJson {
  uid: string
  title: string
  description?: string
  schemaVersion: number
  panels: PanelJson[]
  templating: { list: VariableJson[] }
  annotations: { list: { name: string; expr: string; datasource: { uid: string } }[] }
  links: LinkJson[]
}

/** A committed file of this folder. */
export const committed = (path: string): string =>
  readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

export const dashboards: readonly DashboardJson[] = ['overview', 'service', 'messaging', 'security'].map(
  (name) => JSON.parse(committed(`dashboards/${name}.json`)) as DashboardJson,
)

export const expectations = JSON.parse(committed('expectations.json')) as Expectation[]

/** Every query of every panel, with where it stands. */
export const targets = dashboards.flatMap(({ uid, panels }) =>
  panels.flatMap((panel) =>
    (panel.targets ?? []).map((target) => ({
      where: `${uid} / ${panel.title} / ${target.refId}`,
      dashboardUid: uid,
      panel,
      target,
    })),
  ),
)

const examples: Readonly<Record<string, string>> = {
  __rate_interval: '8s',
  __range: '30m',
  __auto: '10s',
  service: 'gateway',
  instance: '.*',
  search: '',
}

/** Names of Grafana's own variables; the others have to be a dashboard's. */
export const builtIns: ReadonlySet<string> = new Set(['__rate_interval', '__range', '__auto'])

/** Names of the variables in a query. `$1` of `label_replace` is none. */
export const variablesIn = (query: string): string[] =>
  [...query.matchAll(/\$\{?([a-z_]\w*)\}?/gi)].map(([, name = '']) => name)

/** The query as Grafana would send it, an example value in place of each variable. */
export const substituted = (query: string): string =>
  query.replace(/\$\{?([a-z_]\w*)\}?/gi, (whole, name: string) => examples[name] ?? whole)

/** Texts of the nodes of that name, and whether the parser had to guess anywhere. */
export function syntax(tree: Tree, text: string): { valid: boolean; texts: (node: string) => string[] } {
  const found: SyntaxNode[] = []
  let valid = true
  tree.iterate({
    enter: ({ node, type }) => {
      if (type.isError) valid = false
      found.push(node)
    },
  })
  return {
    valid,
    texts: (name) => found.filter((node) => node.name === name).map(({ from, to }) => text.slice(from, to)),
  }
}
