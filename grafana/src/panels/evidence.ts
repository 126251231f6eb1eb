/** Panels of logs, traces and profiles. */
import { LogsDedupStrategy, LogsSortOrder } from '@grafana/grafana-foundation-sdk/common'
import { PanelBuilder as AnyPanelBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import {
  DataqueryBuilder as ProfileQueryBuilder,
  PyroscopeQueryType,
} from '@grafana/grafana-foundation-sdk/grafanapyroscope'
import { PanelBuilder as LogsBuilder } from '@grafana/grafana-foundation-sdk/logs'
import { DataqueryBuilder as LogQueryBuilder, LokiQueryType } from '@grafana/grafana-foundation-sdk/loki'
import {
  EdgeOptionsBuilder,
  PanelBuilder as NodeGraphBuilder,
  NodeOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/nodegraph'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import {
  SearchTableType,
  TempoQueryType,
  DataqueryBuilder as TraceQueryBuilder,
} from '@grafana/grafana-foundation-sdk/tempo'
import { levelOverrides } from '../colours.ts'
import { finish, type KitPanel, type MayBeEmpty, type PanelText } from './panel.ts'
import { timeSeriesOf } from './time-series.ts'

interface LogOptions extends PanelText {
  /** LogQL. */
  readonly expr: string
}

/** Log lines, newest first, with their fields and the link to their trace in the details. */
export function logLines(options: LogOptions): KitPanel {
  const builder = new LogsBuilder()
    .showTime(true)
    .showLabels(false)
    .showCommonLabels(false)
    .wrapLogMessage(true)
    .prettifyLogMessage(false)
    .enableLogDetails(true)
    .showLogContextToggle(true)
    .dedupStrategy(LogsDedupStrategy.None)
    .sortOrder(LogsSortOrder.Descending)
  const query = new LogQueryBuilder().expr(options.expr).queryType(LokiQueryType.Range).maxLines(200)
  return finish(builder, options, 'loki', [{ query }])
}

/** How many lines of each level, as bars on top of each other. */
export function logVolume(options: LogOptions): KitPanel {
  const query = new LogQueryBuilder()
    .expr(options.expr)
    .queryType(LokiQueryType.Range)
    .legendFormat('{{detected_level}}')
  const style = { unit: 'short', bars: true, stacked: true, overrides: levelOverrides } as const
  return timeSeriesOf('loki', { ...options, ...style }, [{ query }])
}

/** Stored traces that a TraceQL query finds; a click on an id opens the trace. */
export function traceList(options: PanelText & { readonly traceql: string }): KitPanel {
  const query = new TraceQueryBuilder()
    .queryType(TempoQueryType.Traceql)
    .query(options.traceql)
    .tableType(SearchTableType.Traces)
    .limit(20)
    .filters([])
  return finish(new TableBuilder(), options, 'tempo', [{ query }])
}

/**
 * Who calls whom. Grafana's Tempo data source draws it from `traces_service_graph_*` of the Prometheus that its
 * `serviceMap` setting names.
 */
export function serviceGraph(options: PanelText): KitPanel {
  const builder = new NodeGraphBuilder()
    .nodes(new NodeOptionsBuilder().mainStatUnit('ms').secondaryStatUnit('reqps'))
    .edges(new EdgeOptionsBuilder().mainStatUnit('ms').secondaryStatUnit('reqps'))
  const query = new TraceQueryBuilder().queryType(TempoQueryType.ServiceMap).filters([])
  return finish(builder, options, 'tempo', [{ query }])
}

/** The profile types that are drawn, in Pyroscope's spelling: those that come over OTLP, and `@pyroscope/nodejs`'s. */
export const profileTypes = {
  cpu: 'process_cpu:cpu:nanoseconds:cpu:nanoseconds',
  heap: 'memory:inuse_space:bytes:memory:bytes',
  pushedCpu: 'wall:cpu:nanoseconds:wall:nanoseconds',
  pushedHeap: 'memory:inuse_space:bytes:inuse_space:bytes',
} as const

interface ProfileSelection {
  readonly profileType: (typeof profileTypes)[keyof typeof profileTypes]
  /** Label selector; the service is matched exactly, as profiles are stored by it. */
  readonly selector: string
  readonly mayBeEmpty?: MayBeEmpty
}

const profileQuery = (type: PyroscopeQueryType, { profileType, selector }: ProfileSelection) =>
  new ProfileQueryBuilder().queryType(type).profileTypeId(profileType).labelSelector(selector)

/** All stacks of the time range, merged: the wider a function, the more it used. */
export function flameGraph(options: PanelText & ProfileSelection): KitPanel {
  const query = profileQuery(PyroscopeQueryType.Profile, options).groupBy([])
  return finish(new AnyPanelBuilder().type('flamegraph'), options, 'pyroscope', [{ query }])
}

interface ProfileSeriesOptions extends PanelText {
  readonly unit: string
  readonly selections: readonly ProfileSelection[]
  /** Label by which they are told apart. */
  readonly by: string
}

/** What profiles of some types add up to over time, by a label. */
export const profileSeries = (options: ProfileSeriesOptions): KitPanel =>
  timeSeriesOf(
    'pyroscope',
    options,
    options.selections.map((selection) => ({
      query: profileQuery(PyroscopeQueryType.Metrics, selection).groupBy([options.by]),
      mayBeEmpty: selection.mayBeEmpty,
    })),
  )
