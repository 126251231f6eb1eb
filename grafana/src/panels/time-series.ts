import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  FieldColorBuilder,
  FieldColorModeId,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import type { Override } from '../colours.ts'
import { dataLinks, type Link } from '../links.ts'
import type { Backend } from '../variables.ts'
import { finish, type KitPanel, type MayBeEmpty, type PanelText, type Step, type Target } from './panel.ts'

/** A PromQL query of a panel. */
interface PromQuery {
  readonly expr: string
  /** Legend template; `{{label}}` stands for a label's value. */
  readonly legend: string
  /** Draws exemplars: the dots that lead to a trace. One query of a panel is enough, as all would draw the same. */
  readonly exemplars?: boolean
  readonly mayBeEmpty?: MayBeEmpty
}

/** One query, or several. */
type Queries = PromQuery | { readonly queries: readonly PromQuery[] }

const overTime = (options: Queries): Target[] =>
  ('queries' in options ? options.queries : [options]).map(
    ({ expr, legend, exemplars = false, mayBeEmpty }) => ({
      query: new DataqueryBuilder().expr(expr).legendFormat(legend).range().exemplar(exemplars),
      mayBeEmpty,
    }),
  )

const thresholds = (steps: readonly Step[]): ThresholdsConfigBuilder =>
  new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps(steps.map(([value, color]) => ({ value, color })))

export interface TimeSeriesOptions extends PanelText {
  /** Unit of the values, by Grafana's name: `reqps`, `s`, `percentunit`, `bytes` … */
  readonly unit: string
  readonly overrides?: readonly Override[]
  /** Lines that say from where on a value is bad. */
  readonly thresholds?: readonly Step[]
  /** The axis reaches at least this far, so that noise near zero does not look like a mountain. */
  readonly softMax?: number
  /** Values above are cut off. */
  readonly max?: number
  /** Series on top of each other, for parts of a whole. */
  readonly stacked?: boolean
  readonly bars?: boolean
  /** Where a click on a series leads. */
  readonly links?: readonly Link[]
}

/** A panel of lines from any backend. */
export function timeSeriesOf(
  source: Backend,
  options: TimeSeriesOptions,
  targets: readonly Target[],
): KitPanel {
  const { unit, overrides = [], stacked = false, bars = false, links = [] } = options
  const builder = new PanelBuilder()
    .unit(unit)
    .min(0)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .lineWidth(bars ? 0 : 1)
    .fillOpacity(bars ? 80 : stacked ? 30 : 8)
    .drawStyle(bars ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .showPoints(VisibilityMode.Never)
    .overrides([...overrides])
    .dataLinks(dataLinks(links))
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(['lastNotNull', 'max']),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
  if (stacked) builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
  if (options.max !== undefined) builder.max(options.max)
  if (options.softMax !== undefined) builder.axisSoftMax(options.softMax)
  if (options.thresholds) {
    builder
      .thresholds(thresholds(options.thresholds))
      .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed))
  }
  return finish(builder, options, source, targets)
}

/** A panel of lines from Prometheus. */
export const timeSeries = (options: TimeSeriesOptions & Queries): KitPanel =>
  timeSeriesOf('prometheus', options, overTime(options))

interface StatOptions extends PanelText {
  readonly unit: string
  readonly decimals?: number
  /** What is good and what is bad, for the colour. */
  readonly thresholds: readonly Step[]
  readonly expr: string
  /** Template; the title by default. */
  readonly legend?: string
}

/** The last value of each series as a large number, over its course. */
export function stat(options: StatOptions): KitPanel {
  const builder = new StatBuilder()
    .unit(options.unit)
    .thresholds(thresholds(options.thresholds))
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.Area)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .dataLinks([])
  if (options.decimals !== undefined) builder.decimals(options.decimals)
  const { expr, legend = options.title } = options
  return finish(builder, options, 'prometheus', overTime({ expr, legend }))
}
