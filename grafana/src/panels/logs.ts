import { LogsDedupStrategy, LogsSortOrder } from '@grafana/grafana-foundation-sdk/common'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/logs'
import { DataqueryBuilder, LokiQueryType } from '@grafana/grafana-foundation-sdk/loki'
import { levelOverrides } from '../colours.ts'
import { finish, type KitPanel, type MayBeEmpty, type PanelText } from './panel.ts'
import { timeSeriesOf } from './time-series.ts'

/** Log lines, newest first, with their fields and the link to their trace in the details. */
export function logLines(
  options: PanelText & { readonly mayBeEmpty?: MayBeEmpty; readonly maxLines?: number },
  expr: string,
): KitPanel {
  const builder = new PanelBuilder()
    .showTime(true)
    .showLabels(false)
    .showCommonLabels(false)
    .wrapLogMessage(true)
    .prettifyLogMessage(false)
    .enableLogDetails(true)
    .showLogContextToggle(true)
    .dedupStrategy(LogsDedupStrategy.None)
    .sortOrder(LogsSortOrder.Descending)
  const query = new DataqueryBuilder()
    .expr(expr)
    .queryType(LokiQueryType.Range)
    .maxLines(options.maxLines ?? 200)
  return finish(builder, options, 'loki', [{ query, mayBeEmpty: options.mayBeEmpty }])
}

/** How many lines of each level, as bars on top of each other. */
export function logVolume(options: PanelText, expr: string): KitPanel {
  const query = new DataqueryBuilder()
    .expr(expr)
    .queryType(LokiQueryType.Range)
    .legendFormat('{{detected_level}}')
  return timeSeriesOf(
    'loki',
    { ...options, unit: 'short', bars: true, stacked: true, overrides: levelOverrides },
    [{ query }],
  )
}
