import type { Exemplar, Labels } from '@faultline/backends-client'
import pMap from 'p-map'
import { type CallResult, failedCall, resultOf, valueOr } from '../call-result.ts'
import { type Context, isLate, patience } from '../context.ts'
import type { Probe } from '../probe.ts'
import { type Finding, fail } from '../report/check.ts'
import { spansCheck } from '../signals/traces.ts'

/** Exemplars of every metric. */
export const ALL_EXEMPLARS = '{__name__=~".+"}'

/** An exemplar with the series that it is an example of. */
export interface PlacedExemplar extends Exemplar {
  readonly series: Labels
}

/** Every exemplar since verify began, oldest first. */
export async function readExemplars({
  backends,
  beginMs,
}: Context): Promise<CallResult<readonly PlacedExemplar[]>> {
  const range = { startMs: beginMs, endMs: Date.now() }
  const answer = await resultOf(backends.prometheus.queryExemplars(ALL_EXEMPLARS, range))
  if ('error' in answer) return answer
  const placed = answer.value.flatMap(({ labels, exemplars }) => {
    return exemplars.map((exemplar) => ({ ...exemplar, series: labels }))
  })
  return { value: placed.sort((a, b) => a.timeMs - b.timeMs) }
}

/** An exemplar in a few words: of what, how old. */
export function describeExemplar({ series, traceId, timeMs }: PlacedExemplar, nowMs: number): string {
  const age = Math.round((nowMs - timeMs) / 1000)
  return `trace ${traceId} of ${series.__name__} on ${series.service_name ?? 'no service'}, ${age} s old`
}

/** Traces that are looked up; the exemplars of further ones are counted and not followed. */
const MAX_TRACES = 400

/** Ids of the spans of each trace that is followed; undefined while the trace is not found. */
type SpansByTrace = Map<string, ReadonlySet<string> | undefined>

/** Follows every exemplar since verify began to its trace. */
export function exemplarsProbe(context: Context): Probe {
  const spans: SpansByTrace = new Map()
  return {
    name: 'exemplars',
    hop: 'exemplar → trace',
    late: () => isLate(context, 'traces'),
    async observe() {
      const nowMs = Date.now()
      const exemplars = await readExemplars(context)
      const all = valueOr(exemplars, [])
      for (const { traceId } of all) {
        if (traceId !== undefined && !spans.has(traceId) && spans.size < MAX_TRACES)
          spans.set(traceId, undefined)
      }
      await lookUp(all, spans, context)
      const sample = all
        .filter(({ traceId }) => spans.has(traceId ?? ''))
        .map((exemplar) => ({ exemplar, followed: whereTo(exemplar, spans) }))
      return [judgeExemplars({ exemplars, sample, nowMs })]
    },
  }
}

/**
 * Looks up the traces of exemplars whose span has not been found: spans of one trace may come in several
 * batches. A store that cannot be asked is another check's matter.
 */
async function lookUp(
  exemplars: readonly PlacedExemplar[],
  spans: SpansByTrace,
  { backends }: Context,
): Promise<void> {
  const lost = exemplars.filter((exemplar) => whereTo(exemplar, spans) !== 'stored')
  const missing = new Set(lost.map(({ traceId = '' }) => traceId))
  await pMap(
    [...missing].filter((traceId) => spans.has(traceId)),
    async (traceId) => {
      const answer = await resultOf(backends.tempo.trace(traceId))
      if ('error' in answer || answer.value === undefined) return
      spans.set(traceId, new Set(answer.value.spans.map(({ spanId }) => spanId)))
    },
    { concurrency: 6 },
  )
}

function whereTo({ traceId = '', spanId }: PlacedExemplar, spans: SpansByTrace): Followed {
  const ids = spans.get(traceId)
  if (ids === undefined) return 'trace missing'
  return spanId === undefined || ids.has(spanId) ? 'stored' : 'span missing'
}

/** Younger ones may be waiting for the sampler's decision. */
const SAMPLING_MS = 10_000

/** Whether a trace, and in it the exemplar's span, is stored. */
type Followed = 'stored' | 'trace missing' | 'span missing'

interface ExemplarsEvidence {
  /** All of the time since verify began. */
  readonly exemplars: CallResult<readonly PlacedExemplar[]>
  /** Those that are followed: all, or those of the first traces where there are too many. */
  readonly sample: readonly { readonly exemplar: PlacedExemplar; readonly followed: Followed }[]
  readonly nowMs: number
}

/** Whether every exemplar since verify began leads to a stored trace. */
export function judgeExemplars({ exemplars, sample, nowMs }: ExemplarsEvidence): Finding {
  const finding = {
    id: 'exemplars/stored',
    hop: 'exemplar → trace',
    expected: 'every exemplar since verify began leads to a stored trace that has its span',
    query: `exemplars of ${ALL_EXEMPLARS}, each by its trace id`,
    explainedBy: ['reach/prometheus', 'reach/collector', 'reach/tempo', 'requests', spansCheck('*')],
  } as const
  if ('error' in exemplars) return { ...finding, ...failedCall(exemplars.error) }
  const all = exemplars.value
  const counted = sample.length < all.length ? `${sample.length} of ${all.length}` : `all ${all.length}`
  if (all.length === 0) {
    return fail(finding, {
      seen: 'no exemplar since verify began',
      likelyCause: 'scrapes leave exemplars out, or Prometheus does not store them',
      nextStep:
        'scrape_protocols of the collector (OpenMetrics); --enable-feature=exemplar-storage of Prometheus',
      explainedBy: [...finding.explainedBy, 'signal/*/metrics', 'metric/*'],
    })
  }
  const anonymous = all.filter(({ traceId }) => traceId === undefined)
  if (anonymous.length > 0) {
    return fail(finding, {
      seen: `${anonymous.length} of ${all.length} exemplars without the label trace_id, e.g. of ${anonymous[0]?.series.__name__}`,
      likelyCause: 'a metric labels its exemplars otherwise than OpenTelemetry says',
      nextStep: 'exemplar labels are trace_id and span_id: look at /metrics of the service',
    })
  }
  const due = sample.filter(({ exemplar }) => nowMs - exemplar.timeMs >= SAMPLING_MS)
  const lost = due.filter(({ followed }) => followed !== 'stored')
  if (lost.length === 0 && due.length > 0) {
    return {
      ...finding,
      status: 'pass',
      seen: `${counted} exemplars followed, ${due.length} due, each to its span`,
    }
  }
  const [oldest] = lost
  return fail(finding, {
    final: oldest !== undefined && nowMs - oldest.exemplar.timeMs > patience.traces,
    seen:
      oldest === undefined
        ? `${counted} exemplars, none old enough to be due`
        : `${lost.length} of ${due.length} lead nowhere (${counted} followed): ${describeExemplar(oldest.exemplar, nowMs)}: ${oldest.followed}`,
    likelyCause: 'the sampler drops traces that exemplars point to: its rule and that of the services differ',
    nextStep:
      'compare the policies of tail_sampling in collector/collector.yaml with the keep mark and the slow threshold of the services',
  })
}
