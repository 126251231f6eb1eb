import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import type { MayBeEmpty, Target } from './panel.ts'

/** A PromQL query of a panel. */
export interface PromQuery {
  readonly expr: string
  /** Legend template; `{{label}}` stands for a label's value. */
  readonly legend: string
  /** Draws exemplars: the dots that lead to a trace. One query of a panel is enough, as all would draw the same. */
  readonly exemplars?: boolean
  readonly mayBeEmpty?: MayBeEmpty
}

/** A query over the time range of the dashboard. */
export function overTime({ expr, legend, exemplars = false, mayBeEmpty }: PromQuery): Target {
  return {
    query: new DataqueryBuilder().expr(expr).legendFormat(legend).range().exemplar(exemplars),
    mayBeEmpty,
  }
}

/** A query for the end of the time range, as rows of a table or as one number a series. */
export function now({ expr, legend, mayBeEmpty }: PromQuery, format = PromQueryFormat.TimeSeries): Target {
  return {
    query: new DataqueryBuilder().expr(expr).legendFormat(legend).instant().format(format),
    mayBeEmpty,
  }
}
