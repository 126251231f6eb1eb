import type { FoundTrace, Trace } from '@faultline/backends-client'
import { type CallResult, failedCall, resultOf, valueOr } from '../call-result.ts'
import { type Context, isLate } from '../context.ts'
import type { Probe } from '../probe.ts'
import { type Finding, fail } from '../report/check.ts'
import { riseSinceBegin } from './metrics.ts'
import {
  type Discover,
  forEachService,
  missingInstances,
  replicaCheck,
  replicaOf,
  type Service,
} from './services.ts'

/** Traces of others that are searched for. */
const MAX_FOUND = 5

/** Traces of verify's own requests, and which services have spans in them. */
export function tracesProbe(context: Context, discover: Discover): Probe {
  return {
    name: 'traces',
    hop: 'traces',
    late: () => isLate(context, 'traces'),
    async observe() {
      const { services, followed, stored } = await discover()
      return forEachService(services, 'traces', async (service) => {
        const range = { startMs: context.beginMs, endMs: Date.now(), limit: MAX_FOUND }
        const search = `{ resource.service.name = "${service.name}" }`
        const others = await resultOf(context.backends.tempo.search(search, range))
        const counted = await riseSinceBegin(context, spansQuery(service.name))
        const spansAtCollector = valueOr(counted, undefined)
        return [
          judgeSpans(service, counted),
          judgeTraces(service, { followed, stored, others, spansAtCollector }),
        ]
      })
    },
  }
}

/** The check that a service's spans reach the collector; `*` for those of all services. */
export const spansCheck = (service: string) => `signal/${service}/spans`

const spansQuery = (service: string) => `sum(traces_span_metrics_calls_total{service_name="${service}"})`

/**
 * Whether spans of a service reach the collector, which counts them before its sampler decides. A check of
 * its own, so that a lost trace is put down to the service or to the sampler by what is known in the end.
 *
 * @param counted spans since verify began; undefined where it cannot be known
 */
export function judgeSpans({ name }: Service, counted: CallResult<number | undefined>): Finding {
  const finding = {
    id: spansCheck(name),
    hop: 'traces',
    service: name,
    signal: 'traces',
    expected: 'spans of the service reach the collector, sampled or not',
    query: spansQuery(name),
    explainedBy: ['reach/collector', 'reach/prometheus', 'requests', replicaCheck(name)],
  } as const
  if ('error' in counted) return { ...finding, ...failedCall(counted.error) }
  if (counted.value === undefined) {
    return { ...finding, status: 'skipped', seen: 'the collector has counted no span of the service yet' }
  }
  if (counted.value > 0) {
    return { ...finding, status: 'pass', seen: `${counted.value} more spans since verify began` }
  }
  return fail(finding, {
    seen: 'no more spans since verify began',
    likelyCause: `no span of ${name} reaches the collector: its trace exporter is off or fails`,
    nextStep: `faultline logs ${name}; OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_ENDPOINT`,
  })
}

/** What Tempo has of verify's own requests, and where their spans were last seen. */
interface TracesEvidence {
  /** Ids that were looked up. */
  readonly followed: readonly string[]
  /** Those of them that are stored. */
  readonly stored: CallResult<readonly Trace[]>
  /** By search: traces of the service since verify began, whoever asked for them. */
  readonly others: CallResult<readonly FoundTrace[]>
  /** Spans of the service that the collector counted since verify began; undefined where it cannot be known. */
  readonly spansAtCollector: number | undefined
}

/** Whether traces of verify's own requests are stored, with spans of each replica of the service. */
export function judgeTraces(service: Service, evidence: TracesEvidence): Finding {
  const { followed, stored, others } = evidence
  const finding = {
    id: `signal/${service.name}/traces`,
    hop: 'traces',
    service: service.name,
    signal: 'traces',
    expected: 'traces of verify’s own requests are stored, with spans of every replica',
    query: `${followed.length} of verify’s own traces by id`,
    explainedBy: ['reach/collector', 'reach/tempo', 'requests', replicaCheck(service.name)],
  } as const
  if ('error' in stored) return { ...finding, ...failedCall(stored.error) }
  if ('error' in others) return { ...finding, ...failedCall(others.error) }
  const spans = stored.value.flatMap((trace) =>
    trace.spans.filter(({ serviceName }) => serviceName === service.name),
  )
  const missing = missingInstances(service, spans.map(replicaOf))
  const notStored = followed.length - stored.value.length
  if (spans.length > 0 && missing.length === 0 && notStored === 0) {
    const seen = `${followed.length} of ${followed.length} traces stored, ${spans.length} spans of ${service.name}`
    return { ...finding, status: 'pass', seen }
  }
  if (stored.value.length > 0 && notStored === 0) {
    return fail(finding, {
      seen:
        spans.length === 0 ? `traces without a span of ${service.name}` : `no span of ${missing.join(', ')}`,
      likelyCause: `${missing.join(', ') || service.name} does not export spans, or was not asked`,
      nextStep: `faultline logs ${missing[0] ?? service.name}: does it say that an export failed?`,
    })
  }
  return fail(finding, {
    seen: `${notStored} of ${followed.length} traces not stored`,
    ...whyNotStored(service, evidence),
  })
}

/** Where the spans went: never sent (which {@link spansCheck} says better), sent and not kept, or not delivered. */
function whyNotStored(
  { name }: Service,
  { stored, others, spansAtCollector }: TracesEvidence,
): Pick<Finding, 'likelyCause' | 'nextStep' | 'explainedBy'> {
  const explainedBy = [
    'reach/collector',
    'reach/tempo',
    'requests',
    'collector/delivery',
    replicaCheck(name),
    spansCheck(name),
  ]
  const someStored = valueOr(stored, []).length > 0 || valueOr(others, []).length > 0
  if (spansAtCollector === undefined ? someStored : spansAtCollector > 0) {
    return {
      likelyCause: 'spans reach the collector and its sampler drops traces that are marked to be kept',
      nextStep: 'the policies of tail_sampling in collector/collector.yaml: is sampling.keep among them?',
      // The sampler's mistake shows first where an exemplar leads to nothing.
      explainedBy: [...explainedBy, 'link/exemplar-trace', 'exemplars/stored'],
    }
  }
  return {
    likelyCause:
      'no trace arrives: the service does not export spans, or the collector does not deliver them',
    nextStep: `faultline logs ${name}; faultline logs collector`,
    explainedBy,
  }
}
