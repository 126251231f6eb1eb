import { type Answer, failedCall } from '../answer.ts'
import { patience } from '../patience.ts'
import type { Finding } from '../report/check.ts'
import { spansCheck } from '../signals/judge-spans.ts'
import { ALL_EXEMPLARS, describeExemplar, type PlacedExemplar } from './exemplars.ts'

/** Younger ones may be waiting for the sampler's decision. */
const SAMPLING_MS = 10_000

/** Whether a trace, and in it the exemplar's span, is stored. */
export type Followed = 'stored' | 'trace missing' | 'span missing'

export interface ExemplarsEvidence {
  /** All of the time since verify began. */
  readonly exemplars: Answer<readonly PlacedExemplar[]>
  /** Those that are followed: all, or those of the first traces where there are too many. */
  readonly sample: readonly { readonly exemplar: PlacedExemplar; readonly followed: Followed }[]
  readonly nowMs: number
  /** All of verify's first requests are sent, so what comes now is not more of them. */
  readonly sent: boolean
  readonly late: boolean
}

/** Whether every exemplar since verify began leads to a stored trace. */
export function judgeExemplars({ exemplars, sample, nowMs, sent, late }: ExemplarsEvidence): Finding {
  const finding = {
    id: 'exemplars/stored',
    hop: 'exemplar → trace',
    expected: 'every exemplar since verify began leads to a stored trace that has its span',
    query: `exemplars of ${ALL_EXEMPLARS}, each by its trace id`,
    explainedBy: ['reach/prometheus', 'reach/collector', 'reach/tempo', 'requests', spansCheck('*')],
    final: late,
  } as const
  if ('error' in exemplars) return { ...finding, ...failedCall(exemplars.error) }
  const all = exemplars.value
  const counted = sample.length < all.length ? `${sample.length} of ${all.length}` : `all ${all.length}`
  if (all.length === 0) {
    return {
      ...finding,
      status: 'fail',
      seen: 'no exemplar since verify began',
      likelyCause: 'scrapes leave exemplars out, or Prometheus does not store them',
      nextStep:
        'scrape_protocols of the collector (OpenMetrics); --enable-feature=exemplar-storage of Prometheus',
      explainedBy: [...finding.explainedBy, 'signal/*/metrics', 'metric/*'],
    }
  }
  const anonymous = all.filter(({ traceId }) => traceId === undefined)
  if (anonymous.length > 0) {
    return {
      ...finding,
      status: 'fail',
      seen: `${anonymous.length} of ${all.length} exemplars without the label trace_id, e.g. of ${anonymous[0]?.series.__name__}`,
      likelyCause: 'a metric labels its exemplars otherwise than OpenTelemetry says',
      nextStep: 'exemplar labels are trace_id and span_id: look at /metrics of the service',
    }
  }
  const due = sample.filter(({ exemplar }) => nowMs - exemplar.timeMs >= SAMPLING_MS)
  const lost = due.filter(({ followed }) => followed !== 'stored')
  if (lost.length === 0 && due.length > 0 && sent) {
    return {
      ...finding,
      status: 'pass',
      seen: `${counted} exemplars followed, ${due.length} due, each to its span`,
    }
  }
  const [oldest] = lost
  return {
    ...finding,
    final: late || (oldest !== undefined && nowMs - oldest.exemplar.timeMs > patience.traces),
    status: 'fail',
    seen:
      oldest === undefined
        ? `${counted} exemplars, none old enough to be due`
        : `${lost.length} of ${due.length} lead nowhere (${counted} followed): ${describeExemplar(oldest.exemplar, nowMs)}: ${oldest.followed}`,
    likelyCause: 'the sampler drops traces that exemplars point to: its rule and that of the services differ',
    nextStep:
      'compare the policies of tail_sampling in collector/collector.yaml with the keep mark and the slow threshold of the services',
  }
}
