import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  type AnnotationQuery,
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  type Panel,
  RowBuilder,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { type DashboardUid, dashboardTab, dashboardTitles } from '../links.ts'
import { columns, type KitRow, type MayBeEmpty } from '../panels/panel.ts'
import { type Matchers, select } from '../queries/promql.ts'
import { uptime } from '../queries/runtime.ts'
import { backend, backendVariables } from '../variables.ts'

/** A query that may answer nothing although all is well; any other that does is broken. */
export interface Expectation extends MayBeEmpty {
  readonly dashboardUid: DashboardUid
  readonly panelId: number
  readonly refId: string
}

export interface KitDashboard {
  readonly dashboard: Dashboard
  readonly expectations: readonly Expectation[]
}

interface DashboardOptions {
  readonly uid: DashboardUid
  readonly description: string
  /** Dashboards that one gets to from the top of this one. */
  readonly tabs: readonly DashboardUid[]
  readonly variables?: readonly Builder<VariableModel>[]
  /** Whose alerts and starts are drawn; everybody's by default. */
  readonly annotations?: { readonly alerts?: Matchers; readonly restarts?: Matchers }
  readonly rows: readonly KitRow[]
}

/** Ids stay put when a row elsewhere grows: links to single panels live long. */
const idsPerRow = 100

/** What happened, drawn over all panels: alerts that fire and processes that start. */
function annotations({
  alerts,
  restarts,
}: NonNullable<DashboardOptions['annotations']>): Builder<AnnotationQuery>[] {
  const queries = [
    new AnnotationQueryBuilder()
      .name('Alerts')
      .iconColor('red')
      .expr(select('ALERTS', { alertstate: '="firing"', ...alerts }))
      .titleFormat('{{alertname}}')
      .textFormat('{{severity}} {{service}}'),
    new AnnotationQueryBuilder()
      .name('Restarts')
      .iconColor('purple')
      .expr(`${uptime(restarts)} < 10`)
      .titleFormat('Start')
      .textFormat('{{service_instance_id}}'),
  ]
  return queries.map((query) => query.datasource(backend('prometheus')).enable(true).step('10s'))
}

type PlacedPanel = Panel & { id: number }

/** Places the panels of a row from left to right; a line that is full, or too short for the next one, ends. */
function place(row: KitRow, rowIndex: number, top: number): { panels: PlacedPanel[]; bottom: number } {
  let x = 0
  let y = top
  let lineHeight = 0
  const panels = row.panels.map(({ panel, size }, index) => {
    const { width: w = columns, height: h = 8 } = { ...row, ...size }
    if (x + w > columns) {
      x = 0
      y += lineHeight
      lineHeight = 0
    }
    const placed = { ...panel, id: rowIndex * idsPerRow + index + 1, gridPos: { x, y, w, h } }
    x += w
    lineHeight = Math.max(lineHeight, h)
    return placed
  })
  return { panels, bottom: y + lineHeight }
}

/** Builds a dashboard out of rows: variables, links and annotations that all have, panels placed and numbered. */
export function kitDashboard(options: DashboardOptions): KitDashboard {
  const { uid, description, tabs, variables = [], rows } = options
  const builder = new DashboardBuilder(`Faultline / ${dashboardTitles[uid]}`)
    .uid(uid)
    .description(description)
    .tags(['faultline'])
    .editable()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-30m', to: 'now' })
    .refresh('10s')
    .timezone('browser')
    .variables([...backendVariables(), ...variables])
    .annotations(annotations(options.annotations ?? {}))
    .links(tabs.map(dashboardTab))

  const expectations: Expectation[] = []
  let top = 0
  rows.forEach((row, index) => {
    const rowNumber = index + 1
    const heading = new RowBuilder(row.title)
      .id(rowNumber * idsPerRow)
      .gridPos({ x: 0, y: top, w: columns, h: 1 })
    const { panels, bottom } = place(row, rowNumber, top + 1)
    builder.withRow(heading)
    panels.forEach((panel, panelIndex) => {
      builder.withPanel({ build: () => panel })
      for (const [refId, mayBeEmpty] of row.panels[panelIndex]?.mayBeEmpty ?? []) {
        expectations.push({ dashboardUid: uid, panelId: panel.id, refId, ...mayBeEmpty })
      }
    })
    top = bottom
  })
  return { dashboard: builder.build(), expectations }
}
