import type { InstantSeries } from '@faultline/backends-client'
import { type CallResult, failedCall, resultOf } from '../call-result.ts'
import { type Context, isLate, sinceBeginMs } from '../context.ts'
import type { Probe } from '../probe.ts'
import { type Finding, fail } from '../report/check.ts'

/** Verify has sent enough through the collector to see whether it loses any of it, in ms. */
const OBSERVED_MS = 8_000
/** Everything that the collector counts when it refuses or loses something. */
const LOSSES_QUERY =
  '{__name__=~"otelcol_(receiver_(refused|failed)|exporter_(send|enqueue)_failed|processor_refused)_.+"}'
/** Batches that wait at each exporter; the smallest number since verify began tells a jam from a burst. */
const queueQuery = (sinceSeconds: number): string =>
  `min by (exporter) (min_over_time(otelcol_exporter_queue_size[${sinceSeconds}s]))`

/** More than this many batches that never got fewer are a jam. */
const MAX_WAITING = 20

/** Backend behind an exporter: `otlp_http/loki` → `loki`. */
function backendOf(exporter: string): string {
  return exporter.split('/').at(-1) ?? exporter
}

/** What the collector says about itself, once requests have gone through it; at once where it cannot be reached. */
export const collectorProbe = (context: Context, isReached: boolean): Probe => ({
  name: 'collector',
  hop: 'collector',
  late: () => isLate(context, 'metrics'),
  async observe() {
    const { backends, beginMs, sentMs } = context
    if (isReached && Date.now() - sentMs < OBSERVED_MS) return []
    const queuesQuery = queueQuery(Math.floor(sinceBeginMs(context) / 1_000))
    const [before, now, queues] = await Promise.all([
      resultOf(backends.prometheus.query(LOSSES_QUERY, { timeMs: beginMs })),
      resultOf(backends.prometheus.query(LOSSES_QUERY)),
      resultOf(backends.prometheus.query(queuesQuery)),
    ])
    const evidence = { before, now, queues, queuesQuery }
    return [judgeLosses(evidence), judgeDelivery(evidence)]
  },
})

interface CollectorEvidence {
  /** {@link LOSSES_QUERY} when verify began. */
  readonly before: CallResult<readonly InstantSeries[]>
  /** {@link LOSSES_QUERY} now. */
  readonly now: CallResult<readonly InstantSeries[]>
  /** {@link queueQuery} now; never empty while the collector's own metrics arrive. */
  readonly queues: CallResult<readonly InstantSeries[]>
  readonly queuesQuery: string
}

/** Whether the collector refuses or loses anything. */
export function judgeLosses({ before, now, queues }: CollectorEvidence): Finding {
  const finding = {
    id: 'collector/losses',
    hop: 'collector',
    expected: 'counters of what was refused, failed or lost do not rise',
    query: LOSSES_QUERY,
    explainedBy: ['reach/collector', 'reach/prometheus'],
  } as const
  if ('error' in before) return { ...finding, ...failedCall(before.error) }
  if ('error' in now) return { ...finding, ...failedCall(now.error) }
  if ('value' in queues && queues.value.length === 0) return { ...finding, ...silent }
  const start = new Map(samples(before.value))
  const risen = samples(now.value).flatMap(([series, value]) => {
    const rise = value - (start.get(series) ?? 0)
    return rise > 0 ? [`${series} by ${rise}`] : []
  })
  if (risen.length === 0) return { ...finding, status: 'pass', seen: 'none rose' }
  const backends = ['prometheus', 'loki', 'tempo', 'pyroscope'].filter((name) =>
    risen.some((one) => one.includes(`/${name}`)),
  )
  return fail(finding, {
    seen: risen.slice(0, 3).join('; '),
    likelyCause:
      backends.length > 0
        ? `${backends.join(' and ')} does not accept what is sent`
        : 'the collector is over its memory limit, or a service sends what it does not understand',
    nextStep: 'faultline logs collector',
    explainedBy: [...finding.explainedBy, ...backends.map((name) => `reach/${name}`)],
  })
}

/** Whether what the collector takes in also leaves it. */
export function judgeDelivery({ queues, queuesQuery }: CollectorEvidence): Finding {
  const finding = {
    id: 'collector/delivery',
    hop: 'collector',
    expected: `no exporter keeps more than ${MAX_WAITING} batches waiting all the time`,
    query: queuesQuery,
    explainedBy: ['reach/collector', 'reach/prometheus'],
  } as const
  if ('error' in queues) return { ...finding, ...failedCall(queues.error) }
  if (queues.value.length === 0) return { ...finding, ...silent }
  const jammed = samples(queues.value).filter(([, value]) => value > MAX_WAITING)
  if (jammed.length === 0) return { ...finding, status: 'pass', seen: 'queues drain' }
  const exporters = jammed.map(([series]) => /exporter="([^"]*)"/.exec(series)?.[1] ?? series)
  return fail(finding, {
    seen: jammed.map(([series, value]) => `${value} waiting in ${series}`).join('; '),
    likelyCause: `${exporters.map(backendOf).join(' and ')} does not take what is sent, or too slowly`,
    nextStep: `faultline logs collector; faultline logs ${backendOf(exporters[0] ?? '')}`,
    explainedBy: [...finding.explainedBy, ...exporters.map((exporter) => `reach/${backendOf(exporter)}`)],
  })
}

const silent = {
  status: 'fail',
  seen: 'no metric of the collector itself since verify began',
  likelyCause: 'the collector does not scrape itself, or does not deliver what it scrapes',
  nextStep: 'faultline logs collector; the scrape job collector in collector/collector.yaml',
} as const

function samples(series: readonly InstantSeries[]): [string, number][] {
  return series.map(({ labels: { __name__ = '', ...labels }, value }) => {
    const pairs = Object.entries(labels).map(([name, text]) => `${name}="${text}"`)
    return [`${__name__}{${pairs.sort().join(',')}}`, value]
  })
}
