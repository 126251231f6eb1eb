import { PanelBuilder as AnyPanelBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder, PyroscopeQueryType } from '@grafana/grafana-foundation-sdk/grafanapyroscope'
import { finish, type KitPanel, type MayBeEmpty, type PanelText } from './panel.ts'
import { timeSeriesOf } from './time-series.ts'

/** The profile types that are drawn, in Pyroscope's spelling: those that come over OTLP, and `@pyroscope/nodejs`'s. */
export const profileTypes = {
  cpu: 'process_cpu:cpu:nanoseconds:cpu:nanoseconds',
  heap: 'memory:inuse_space:bytes:memory:bytes',
  pushedCpu: 'wall:cpu:nanoseconds:wall:nanoseconds',
  pushedHeap: 'memory:inuse_space:bytes:inuse_space:bytes',
} as const

interface ProfileSelection {
  /** In Pyroscope's spelling, `name:sample_type:sample_unit:period_type:period_unit`. */
  readonly profileType: string
  /** Label selector; the service is matched exactly, as profiles are stored by it. */
  readonly selector: string
  readonly mayBeEmpty?: MayBeEmpty
}

/** All stacks of the time range, merged: the wider a function, the more it used. */
export function flameGraph(
  options: PanelText,
  { profileType, selector, mayBeEmpty }: ProfileSelection,
): KitPanel {
  const query = new DataqueryBuilder()
    .queryType(PyroscopeQueryType.Profile)
    .profileTypeId(profileType)
    .labelSelector(selector)
    .groupBy([])
  return finish(new AnyPanelBuilder().type('flamegraph'), options, 'pyroscope', [{ query, mayBeEmpty }])
}

/** What profiles of some types add up to over time, by a label. */
export function profileSeries(
  options: PanelText & { readonly unit: string },
  selections: readonly ProfileSelection[],
  groupBy: string,
): KitPanel {
  const targets = selections.map(({ profileType, selector, mayBeEmpty }) => ({
    query: new DataqueryBuilder()
      .queryType(PyroscopeQueryType.Metrics)
      .profileTypeId(profileType)
      .labelSelector(selector)
      .groupBy([groupBy]),
    mayBeEmpty,
  }))
  return timeSeriesOf('pyroscope', options, targets)
}
