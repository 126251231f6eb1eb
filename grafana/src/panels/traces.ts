import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table'
import { DataqueryBuilder, SearchTableType, TempoQueryType } from '@grafana/grafana-foundation-sdk/tempo'
import { finish, type KitPanel, type MayBeEmpty, type PanelText } from './panel.ts'

/** Stored traces that a TraceQL query finds; a click on an id opens the trace. */
export function traceList(
  options: PanelText & { readonly mayBeEmpty?: MayBeEmpty; readonly limit?: number },
  traceql: string,
): KitPanel {
  const query = new DataqueryBuilder()
    .queryType(TempoQueryType.Traceql)
    .query(traceql)
    .tableType(SearchTableType.Traces)
    .limit(options.limit ?? 20)
    .filters([])
  return finish(new PanelBuilder(), options, 'tempo', [{ query, mayBeEmpty: options.mayBeEmpty }])
}
