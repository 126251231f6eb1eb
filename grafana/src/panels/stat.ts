import {
  BigValueColorMode,
  BigValueGraphMode,
  ReduceDataOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { dataLinks, type Link } from '../links.ts'
import { finish, type KitPanel, type PanelText } from './panel.ts'
import { overTime, type PromQuery } from './prometheus-target.ts'
import { type Step, thresholds } from './thresholds.ts'

export interface StatOptions extends PanelText {
  readonly unit: string
  readonly decimals?: number
  /** What is good and what is bad, for the colour. */
  readonly thresholds: readonly Step[]
  readonly links?: readonly Link[]
}

/** The last value of each series as a large number, over its course. */
export function stat(options: StatOptions, queries: readonly PromQuery[]): KitPanel {
  const builder = new PanelBuilder()
    .unit(options.unit)
    .thresholds(thresholds(options.thresholds))
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.Area)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .dataLinks(dataLinks(options.links ?? []))
  if (options.decimals !== undefined) builder.decimals(options.decimals)
  return finish(builder, options, 'prometheus', queries.map(overTime))
}
