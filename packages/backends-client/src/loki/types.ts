import type { Labels, RangeSeries, Sample } from '../prometheus/types.ts'

/** A log line with all that is known about it. */
export interface LogEntry {
  /** Epoch milliseconds, fractions for what is finer. */
  readonly timeMs: number
  readonly line: string
  /** Index labels of its stream. */
  readonly labels: Labels
  /** Structured metadata: `trace_id`, `span_id` and OTLP attributes with `.` turned into `_`. */
  readonly metadata: Labels
  /** What a parser stage of the query (`| json`, `| logfmt`) took out of the line. */
  readonly parsed: Labels
}

/** A log query gives entries, a metric query gives series. */
export type LogResult =
  | { readonly type: 'entries'; readonly entries: readonly LogEntry[]; readonly streams: number }
  | { readonly type: 'series'; readonly series: readonly RangeSeries[] }

export type LogInstantResult =
  | { readonly type: 'entries'; readonly entries: readonly LogEntry[]; readonly streams: number }
  | {
      readonly type: 'vector'
      readonly series: readonly { readonly labels: Labels; readonly sample: Sample }[]
    }
  | { readonly type: 'scalar'; readonly sample: Sample }
