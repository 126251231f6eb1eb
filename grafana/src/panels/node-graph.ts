import {
  EdgeOptionsBuilder,
  NodeOptionsBuilder,
  PanelBuilder,
} from '@grafana/grafana-foundation-sdk/nodegraph'
import { DataqueryBuilder, TempoQueryType } from '@grafana/grafana-foundation-sdk/tempo'
import { finish, type KitPanel, type PanelText } from './panel.ts'

/**
 * Who calls whom. Grafana's Tempo data source draws it from `traces_service_graph_*` of the Prometheus that its
 * `serviceMap` setting names.
 */
export function serviceGraph(options: PanelText): KitPanel {
  const builder = new PanelBuilder()
    .nodes(new NodeOptionsBuilder().mainStatUnit('ms').secondaryStatUnit('reqps'))
    .edges(new EdgeOptionsBuilder().mainStatUnit('ms').secondaryStatUnit('reqps'))
  const query = new DataqueryBuilder().queryType(TempoQueryType.ServiceMap).filters([])
  return finish(builder, options, 'tempo', [{ query }])
}
