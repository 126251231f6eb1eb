import { type FlameGraph, type Span, stacksOf } from '@faultline/backends-client'
import { type CallResult, failedCall, resultOf, valueOr } from '../call-result.ts'
import type { Context } from '../context.ts'
import { type Finding, fail } from '../report/check.ts'
import { CPU_PROFILE, PROFILE_ID, profileIdOf, serviceSelector, spanProfile } from '../signals/profiles.ts'
import type { Service } from '../signals/services.ts'

/**
 * The profile of those spans of a service that wrote log lines; of all that have one where no line says its span.
 *
 * @param all spans in traces of verify's own requests
 * @param linesSpanIds ids of spans that log lines were written in
 */
export async function walkToProfile(
  service: string,
  all: readonly Span[],
  linesSpanIds: ReadonlySet<string>,
  context: Context,
): Promise<{ finding: Finding; sampled: Span | undefined }> {
  const spans = all.filter(({ serviceName }) => serviceName === service)
  const linked = spans.filter((span) => profileIdOf(span) !== undefined)
  const logged = linked.filter(({ spanId }) => linesSpanIds.has(spanId))
  const candidates = logged.length > 0 ? logged : linked
  const ask = (some: readonly Span[]) => spanProfile(context, service, some)
  const range = { startMs: context.beginMs, endMs: Date.now() }
  const [graph, inAll] = await Promise.all([
    candidates.length === 0 ? undefined : resultOf(ask(candidates)),
    resultOf(context.backends.pyroscope.mergeStacktraces(CPU_PROFILE, serviceSelector(service), range)),
  ])
  const isSampled = graph !== undefined && 'value' in graph && graph.value.total > 0
  const holds = async (some: readonly Span[]) => (await ask(some)).total > 0
  const sampled = isSampled ? valueOr(await resultOf(singleOut(candidates, holds)), undefined) : undefined
  const finding = judgeProfileLink({
    service,
    spans: spans.length,
    profileIds: candidates.length,
    othersLinked: all.some((span) => span.serviceName !== service && profileIdOf(span) !== undefined),
    graph: sampled === undefined ? graph : await resultOf(ask([sampled])),
    span: sampled,
    sampledInAll: valueOr(inAll, undefined)?.total ?? 0,
  })
  return { finding, sampled }
}

/**
 * One of the items for which `holds` is true, found by halving; it must be true of a list exactly when it
 * is of one of its items. Undefined where it holds for none.
 */
export async function singleOut<T>(
  items: readonly T[],
  holds: (some: readonly T[]) => Promise<boolean>,
): Promise<T | undefined> {
  let candidates = items
  while (candidates.length > 1) {
    const half = candidates.slice(0, Math.ceil(candidates.length / 2))
    candidates = (await holds(half)) ? half : candidates.slice(half.length)
  }
  return candidates.length === 1 && (await holds(candidates)) ? candidates[0] : undefined
}

/** With fewer requests of verify's own it is a matter of chance whether a service was sampled in one. */
const MIN_SPANS = 20

/**
 * The services that serve most of verify's own requests, not only an order's now and then. Undefined while too few
 * traces have been read to tell: what is decided then would leave out a service whose spans come a moment later.
 *
 * @param late no more traces are to be expected
 */
export function oftenReached(services: readonly Service[], late: boolean): Service[] | undefined {
  const busiest = Math.max(0, ...services.map(({ ownServerSpans }) => ownServerSpans))
  if (busiest < MIN_SPANS && !late) return undefined
  return services.filter(({ ownServerSpans }) => ownServerSpans > 0 && ownServerSpans >= busiest / 2)
}

interface ProfileLinkEvidence {
  readonly service: string
  /** Spans of the service in traces of verify's own requests. */
  readonly spans: number
  /** How many of those that were asked for carry the id to ask by. */
  readonly profileIds: number
  /** Whether spans of other services carry one. */
  readonly othersLinked: boolean
  readonly graph: CallResult<FlameGraph> | undefined
  /** The one span that was sampled, where it has been singled out. */
  readonly span: Span | undefined
  /** What of the service was sampled in all since verify began, in the profile's unit. */
  readonly sampledInAll: number
}

/** Stands in for the hops of all services until it is known which of them are to be followed; never the last word. */
export function profileLinkUndecided(): Finding {
  return {
    id: 'link/logs-profile',
    hop: 'logs → span profile',
    status: 'skipped',
    expected: 'traces of verify’s own requests, whose spans lead to profiles',
    query: 'verify’s own traces by id',
    seen: 'too few traces so far',
    explainedBy: ['reach/tempo', 'reach/collector', 'requests', 'exemplars/stored', 'link/exemplar-trace'],
  }
}

/** Hop from what a request logged to the code that it spent its time in. */
export function judgeProfileLink(evidence: ProfileLinkEvidence): Finding {
  const { service, spans, profileIds, othersLinked, graph, span, sampledInAll } = evidence
  const finding = {
    id: `link/logs-profile/${service}`,
    hop: 'logs → span profile',
    service,
    expected: 'CPU samples taken while one of verify’s own spans was running',
    query: `SelectMergeSpanProfile ${CPU_PROFILE} ${serviceSelector(service)}, ${profileIds} spans with ${PROFILE_ID}`,
    explainedBy: [
      'reach/pyroscope',
      'reach/collector',
      'requests',
      `signal/${service}/profiles`,
      `signal/${service}/traces`,
    ],
  } as const
  if (spans === 0) {
    return {
      ...finding,
      status: 'skipped',
      seen: 'no span to start from',
      explainedBy: [...finding.explainedBy, 'link/exemplar-trace'],
    }
  }
  const withoutId = `none of ${spans} spans of ${service} carries ${PROFILE_ID}`
  // A profiler that links nothing is nothing broken, unless it is all of them.
  if (profileIds === 0 && othersLinked) {
    const likelyCause = `the profiler of ${service} does not say which span a sample belongs to`
    return { ...finding, status: 'skipped', seen: withoutId, likelyCause, final: true }
  }
  if (graph === undefined) {
    return fail(finding, { seen: withoutId, ...noLabels(sampledInAll) })
  }
  if ('error' in graph) return { ...finding, ...failedCall(graph.error) }
  if (graph.value.total > 0) {
    const [top] = stacksOf(graph.value)
    const where = span === undefined ? `${profileIds} spans` : `span ${span.spanId} (${span.name})`
    const seen = `${Math.round(graph.value.total / 1e6)} ms of CPU in ${where}, most in ${top?.frames.at(-1) ?? '?'}`
    return { ...finding, status: 'pass', seen }
  }
  return fail(finding, {
    seen: `no sample in ${profileIds} spans; ${Math.round(sampledInAll / 1e6)} ms of CPU in samples without a span`,
    ...noLabels(sampledInAll),
  })
}

function noLabels(sampledInAll: number): Required<Pick<Finding, 'likelyCause' | 'nextStep'>> {
  return {
    likelyCause:
      sampledInAll > 0
        ? 'profiles arrive without their labels: samples do not say which span they belong to'
        : 'no profile arrives',
    nextStep:
      'FAULTLINE_PROFILES_SPAN_LABELS of the service (Node 24 is needed); the links of samples in the profiles pipeline',
  }
}
