import {
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { FieldColorBuilder, FieldColorModeId } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import type { Override } from '../colours.ts'
import type { Backend } from '../datasources.ts'
import { dataLinks, type Link } from '../links.ts'
import { finish, type KitPanel, type PanelText, type Target } from './panel.ts'
import { overTime, type PromQuery } from './prometheus-target.ts'
import { type Step, thresholds } from './thresholds.ts'

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
export const timeSeries = (options: TimeSeriesOptions, queries: readonly PromQuery[]): KitPanel =>
  timeSeriesOf('prometheus', options, queries.map(overTime))
