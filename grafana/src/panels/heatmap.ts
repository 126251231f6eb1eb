import {
  HeatmapCellLayout,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  TooltipDisplayMode,
} from '@grafana/grafana-foundation-sdk/common'
import {
  CellValuesBuilder,
  FilterValueRangeBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapColorScale,
  HeatmapTooltipBuilder,
  PanelBuilder,
  RowsHeatmapOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import type { HistogramName } from '../generated/signals.ts'
import { type Matchers, rate, sumBy } from '../queries/promql.ts'
import { finish, type KitPanel, type PanelText } from './panel.ts'

interface HeatmapOptions extends PanelText {
  readonly histogram: HistogramName
  readonly matchers?: Matchers
}

/** How many events took how long, over time, with exemplars: each dot is a request, and leads to its trace. */
export function latencyHeatmap(options: HeatmapOptions): KitPanel {
  const builder = new PanelBuilder()
    .unit('s')
    .calculate(false)
    .color(
      new HeatmapColorOptionsBuilder()
        .mode(HeatmapColorMode.Scheme)
        .scheme('Blues')
        .scale(HeatmapColorScale.Exponential)
        .exponent(0.5)
        .steps(64)
        .reverse(false),
    )
    .rowsFrame(new RowsHeatmapOptionsBuilder().layout(HeatmapCellLayout.Auto))
    .scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Linear))
    .yAxis(new YAxisConfigBuilder().unit('s').decimals(0))
    .cellValues(new CellValuesBuilder().unit('reqps'))
    // Empty buckets are not drawn, so that a single slow request stands out.
    .filterValues(new FilterValueRangeBuilder().le(1e-9))
    .tooltip(
      new HeatmapTooltipBuilder().mode(TooltipDisplayMode.Single).yHistogram(true).showColorScale(true),
    )
    .exemplarsColor('rgba(255, 120, 10, 0.9)')
    .showLegend()
    .maxDataPoints(120)
  const query = new DataqueryBuilder()
    .expr(sumBy(['le'], rate(`${options.histogram}_bucket`, options.matchers)))
    .legendFormat('{{le}}')
    .range()
    .format(PromQueryFormat.Heatmap)
    .exemplar(true)
  return finish(builder, options, 'prometheus', [{ query }])
}
