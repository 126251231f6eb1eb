import * as z from 'zod'

/** A query of a panel, as its dashboard has it. */
export interface Target {
  readonly dashboardUid: string
  readonly panelId: number
  readonly panelTitle: string
  readonly refId: string
  /** Type of the data source: `prometheus`, `loki`, `tempo`, `grafana-pyroscope-datasource`. */
  readonly datasource: string
  /** Fields of the query; which ones there are depends on the data source. */
  readonly model: Readonly<Record<string, unknown>>
}

/** A template variable. */
export interface Variable {
  readonly name: string
  readonly type: string
  /** Text of the query, or the listed values. */
  readonly query: string
  readonly datasource: string
  readonly multi: boolean
  readonly includeAll: boolean
  /** What "All" stands for, where it is not all values. */
  readonly allValue: string | undefined
  readonly current: readonly string[]
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly targets: readonly Target[]
  readonly variables: readonly Variable[]
}

const datasourceRef = z.looseObject({ type: z.string().optional(), uid: z.string().optional() }).nullish()
const target = z.looseObject({ refId: z.string().default('A'), datasource: datasourceRef })
const panelFields = {
  id: z.number().default(0),
  type: z.string(),
  title: z.string().default(''),
  datasource: datasourceRef,
  targets: z.array(target).default([]),
}
const panel = z.looseObject({ ...panelFields, panels: z.array(z.looseObject(panelFields)).default([]) })

const textOrList = z.union([z.string(), z.array(z.string())]).nullish()
const variable = z.looseObject({
  name: z.string(),
  type: z.string(),
  query: z
    .union([z.string(), z.looseObject({ query: z.string().optional(), expr: z.string().optional() })])
    .nullish(),
  datasource: datasourceRef,
  multi: z.boolean().default(false),
  includeAll: z.boolean().default(false),
  allValue: z.string().nullish(),
  current: z.looseObject({ value: textOrList }).nullish(),
})

const dashboard = z.looseObject({
  uid: z.string(),
  title: z.string(),
  panels: z.array(panel).default([]),
  templating: z.looseObject({ list: z.array(variable).default([]) }).default({ list: [] }),
})

/** Targets that compute from other targets in the browser. */
const EXPRESSION = '__expr__'

/** Every query and variable of a dashboard, rows unfolded. Throws a ZodError for what is no dashboard. */
export function parseDashboard(json: unknown): Dashboard {
  const { uid, title, panels, templating } = dashboard.parse(json)
  const flat = panels.flatMap((one) => [one, ...one.panels])
  const targets = flat.flatMap((one) =>
    one.targets.map((model): Target => {
      const own = model.datasource?.type ?? model.datasource?.uid
      const inherited = one.datasource?.type ?? one.datasource?.uid
      return {
        dashboardUid: uid,
        panelId: one.id,
        panelTitle: one.title,
        refId: model.refId,
        datasource: own ?? inherited ?? 'prometheus',
        model,
      }
    }),
  )
  return {
    uid,
    title,
    targets: targets.filter(({ datasource }) => datasource !== EXPRESSION),
    variables: templating.list.map(toVariable),
  }
}

function toVariable({
  name,
  type,
  query,
  datasource,
  multi,
  includeAll,
  allValue,
  current,
}: z.infer<typeof variable>): Variable {
  const value = current?.value ?? []
  return {
    name,
    type,
    query: typeof query === 'string' ? query : (query?.query ?? query?.expr ?? ''),
    datasource: datasource?.type ?? datasource?.uid ?? 'prometheus',
    multi,
    includeAll,
    allValue: allValue ?? undefined,
    current: typeof value === 'string' ? [value] : value,
  }
}
