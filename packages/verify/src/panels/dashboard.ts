import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
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

/** Text of a target's PromQL, empty for other data sources. */
export function promqlOf(target: Target): string {
  return target.datasource === 'prometheus' && typeof target.model.expr === 'string' ? target.model.expr : ''
}

/** Type of a data source, or its uid where no type is given. */
const datasourceRef = z
  .object({ type: z.string().optional(), uid: z.string().optional() })
  .nullish()
  .transform((ref) => ref?.type ?? ref?.uid)
const DEFAULT_DATASOURCE = 'prometheus'

const panelFields = {
  id: z.number().default(0),
  type: z.string(),
  title: z.string().default(''),
  datasource: datasourceRef,
  targets: z
    .array(
      z
        .looseObject({
          refId: z.string().default('A'),
          datasource: z.looseObject({ type: z.string().optional(), uid: z.string().optional() }).nullish(),
        })
        .transform((model) => ({ model, datasource: model.datasource?.type ?? model.datasource?.uid })),
    )
    .default([]),
}
const panel = z.object({ ...panelFields, panels: z.array(z.object(panelFields)).default([]) })

const variable = z.object({
  name: z.string(),
  type: z.string(),
  /** Text of the query, or the listed values. */
  query: z
    .union([z.string(), z.object({ query: z.string().optional(), expr: z.string().optional() })])
    .nullish()
    .transform((query) => (typeof query === 'string' ? query : (query?.query ?? query?.expr ?? ''))),
  datasource: datasourceRef.transform((type) => type ?? DEFAULT_DATASOURCE),
  multi: z.boolean().default(false),
  includeAll: z.boolean().default(false),
  /** What "All" stands for, where it is not all values. */
  allValue: z.string().nullish(),
  current: z
    .object({ value: z.union([z.string(), z.array(z.string())]).nullish() })
    .nullish()
    .transform((current) => [current?.value ?? []].flat()),
})
/** A template variable. */
export type Variable = z.infer<typeof variable>

const dashboard = z.object({
  uid: z.string(),
  title: z.string(),
  panels: z.array(panel).default([]),
  templating: z.object({ list: z.array(variable).default([]) }).default({ list: [] }),
})
export type Dashboard = ReturnType<typeof parseDashboard>

/** Targets that compute from other targets in the browser. */
const EXPRESSION = '__expr__'

/** Every query and variable of a dashboard, rows unfolded. Throws a ZodError for what is no dashboard. */
export function parseDashboard(json: unknown) {
  const { uid, title, panels, templating } = dashboard.parse(json)
  const targets = panels
    .flatMap((one) => [one, ...one.panels])
    .flatMap((one) =>
      one.targets.map(
        ({ model, datasource }): Target => ({
          dashboardUid: uid,
          panelId: one.id,
          panelTitle: one.title,
          refId: model.refId,
          datasource: datasource ?? one.datasource ?? DEFAULT_DATASOURCE,
          model,
        }),
      ),
    )
  return {
    uid,
    title,
    targets: targets.filter(({ datasource }) => datasource !== EXPRESSION),
    variables: templating.list,
  }
}

/** A file of dashboards or expectations that cannot be used. */
export class DashboardFileInvalid extends Error {
  override readonly name = 'DashboardFileInvalid'

  constructor(file: string, options: ErrorOptions) {
    super(`${file} cannot be used: ${String(options.cause)}`, options)
  }
}

/** Every dashboard of a folder, by file name. Throws {@link DashboardFileInvalid}. */
export async function loadDashboards(folder: string): Promise<Dashboard[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).sort()
  return Promise.all(files.map((file) => loadJson(join(folder, file), parseDashboard)))
}

export async function loadJson<T>(file: string, parse: (json: unknown) => T): Promise<T> {
  try {
    return parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    throw new DashboardFileInvalid(file, { cause: error })
  }
}
