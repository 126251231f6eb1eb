/** Names and values of a series, `__name__` among them. */
export type Labels = Readonly<Record<string, string>>

/** A value at a time. */
export interface Sample {
  /** Epoch milliseconds. */
  readonly timeMs: number
  /** May be NaN or infinite. */
  readonly value: number
}

/** A native histogram at a time; the kit's own histograms are classic, one series a bucket. */
export interface HistogramSample {
  /** Epoch milliseconds. */
  readonly timeMs: number
  readonly count: number
  readonly sum: number
}

/** A series over a range. */
export interface RangeSeries {
  readonly labels: Labels
  /** By time; empty for a series of native histograms. */
  readonly samples: readonly Sample[]
  readonly histograms: readonly HistogramSample[]
}

/** A series at one time: a float sample or a native histogram. */
export type InstantSeries = { readonly labels: Labels } & (
  | { readonly sample: Sample; readonly histogram?: undefined }
  | { readonly sample?: undefined; readonly histogram: HistogramSample }
)

/** What an expression evaluates to. */
export type QueryValue =
  | { readonly type: 'vector'; readonly series: readonly InstantSeries[] }
  | { readonly type: 'matrix'; readonly series: readonly RangeSeries[] }
  | { readonly type: 'scalar'; readonly sample: Sample }
  | { readonly type: 'string'; readonly timeMs: number; readonly text: string }

/** Advice that Prometheus gives with an answer: `infos` are about the expression, `warnings` about the result. */
export interface Advice {
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
}

export type QueryResult = QueryValue & Advice

export interface RangeResult extends Advice {
  readonly series: readonly RangeSeries[]
}

/** An example of what a sample counts: one request, found again by its trace. */
export interface Exemplar {
  readonly labels: Labels
  /** Label `trace_id`, 32 hexadecimal digits by OpenTelemetry's convention. */
  readonly traceId?: string
  /** Label `span_id`. */
  readonly spanId?: string
  readonly value: number
  /** Epoch milliseconds. */
  readonly timeMs: number
}

export interface ExemplarSeries {
  readonly labels: Labels
  readonly exemplars: readonly Exemplar[]
}

/** An instance of an alerting rule that is pending or firing. */
export interface Alert {
  readonly labels: Labels
  readonly annotations: Labels
  readonly state: 'pending' | 'firing' | 'inactive'
  /** Epoch milliseconds when the expression first held. */
  readonly activeAtMs: number | undefined
  readonly value: number
}

interface RuleBase {
  readonly group: string
  readonly file: string
  readonly name: string
  /** Its expression. */
  readonly query: string
  readonly labels: Labels
  readonly health: 'ok' | 'err' | 'unknown'
  readonly lastError: string | undefined
  /** Epoch milliseconds; undefined before the first evaluation. */
  readonly lastEvaluationMs: number | undefined
  /** How long the last evaluation took, in ms. */
  readonly evaluationDurationMs: number
  /** How often its group is evaluated, in ms. */
  readonly intervalMs: number
}

export interface RecordingRule extends RuleBase {
  readonly type: 'recording'
}

export interface AlertingRule extends RuleBase {
  readonly type: 'alerting'
  readonly state: 'inactive' | 'pending' | 'firing' | 'unknown'
  /** `for` in ms. */
  readonly forMs: number
  readonly annotations: Labels
  readonly alerts: readonly Alert[]
}

export type Rule = RecordingRule | AlertingRule

/** A scrape target of Prometheus itself; the kit's services are scraped by the collector. */
export interface Target {
  readonly labels: Labels
  readonly scrapeUrl: string
  readonly health: 'up' | 'down' | 'unknown'
  readonly lastError: string | undefined
  readonly lastScrapeMs: number | undefined
}

export interface MetricMetadata {
  readonly type: string
  readonly help: string
  readonly unit: string
}

export interface BuildInfo {
  readonly version: string
  readonly revision: string
}
