import type { Trace } from '@faultline/backends-client'
import { type CallResult, failedCall, resultOf, valueOr } from '../call-result.ts'
import { type Context, sinceBeginMs } from '../context.ts'
import type { Probe } from '../probe.ts'
import { type Finding, fail } from '../report/check.ts'
import { riseSinceBegin } from '../signals/metrics.ts'
import { type Discover, REQUESTS_METRIC } from '../signals/services.ts'

/** Metrics that the load generator sends. */
export const LOAD_PREFIX = 'k6_'
const loadQuery = (sinceSeconds: number): string =>
  `count(last_over_time({__name__=~"${LOAD_PREFIX}.+"}[${sinceSeconds}s]))`

/** Requests a second that are not verify's own and yet no load: a person trying something, a health check. */
const MAX_STRAY_RATE = 1

/** The load generator pushes every few seconds. */
const PATIENCE_MS = 10_000

export const loadProbe = (context: Context, discover: Discover): Probe => ({
  name: 'load',
  hop: 'load',
  late: () => Date.now() - context.sentMs > PATIENCE_MS,
  async observe() {
    const sinceMs = sinceBeginMs(context)
    const query = loadQuery(Math.floor(sinceMs / 1_000))
    const counted = await resultOf(context.backends.prometheus.query(query))
    const series = 'error' in counted ? counted : { value: counted.value[0]?.value ?? 0 }
    const { stored } = await discover()
    const otherRequests = await countOthers(context, valueOr(stored, []))
    return [judgeLoad({ query, series, otherRequests, sinceMs })]
  },
})

/** Requests since verify began at the service where its own come in, without these. */
async function countOthers(context: Context, ownTraces: readonly Trace[]): Promise<number | undefined> {
  const { sent } = context.requester
  // The parent of the first span is verify's own, which is not stored anywhere.
  const callers = new Set(sent.map(({ spanId }) => spanId))
  const spans = ownTraces.flatMap((trace) => trace.spans)
  const entry = spans.find(({ parentSpanId = '' }) => callers.has(parentSpanId))
  if (entry === undefined) return undefined
  const query = `sum(${REQUESTS_METRIC}_count{service_name="${entry.serviceName}"})`
  const served = valueOr(await riseSinceBegin(context, query), undefined)
  return served === undefined ? undefined : served - sent.length
}

interface LoadEvidence {
  readonly query: string
  /** Series of the load generator since verify began. */
  readonly series: CallResult<number>
  /** Requests that the kit served since verify began, verify's own aside; undefined where it cannot be known. */
  readonly otherRequests: number | undefined
  readonly sinceMs: number
}

/**
 * Whether the load generator's metrics arrive. Without any load there are none, which is no failure; what
 * tells is whether anybody but verify sends requests.
 */
export function judgeLoad({ query, series, otherRequests, sinceMs }: LoadEvidence): Finding {
  const finding = {
    id: 'load/k6',
    hop: 'load',
    expected: 'metrics of the load generator, if load is offered',
    query,
    explainedBy: ['reach/collector', 'reach/prometheus', 'signal/*/metrics'],
  } as const
  if ('error' in series) return { ...finding, ...failedCall(series.error) }
  if (series.value > 0) return { ...finding, status: 'pass', seen: `${series.value} series` }
  const rate = otherRequests === undefined ? undefined : otherRequests / (sinceMs / 1_000)
  if (rate !== undefined && rate > MAX_STRAY_RATE) {
    return fail(finding, {
      seen: `none, while ${rate.toFixed(1)} requests a second come from somebody else`,
      likelyCause: 'the load generator does not reach the collector, or the load is not k6’s',
      nextStep: 'look at logs/k6.log in the state folder',
    })
  }
  return {
    ...finding,
    status: 'skipped',
    notApplicable: true,
    seen: 'no load is offered',
    likelyCause: 'no load is offered: only verify sends requests',
    nextStep: 'npx faultline load steady beside verify',
  }
}
