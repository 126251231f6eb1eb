import type { Labels, Span, Trace } from '@faultline/backends-client'
import pMap from 'p-map'
import { type CallResult, resultOf, valueOr } from '../call-result.ts'
import { type Context, sinceBeginMs } from '../context.ts'
import { type Finding, fail, type Signal } from '../report/check.ts'
import { followedTraceIds, type OwnTraces } from './own-traces.ts'

export const REQUESTS_METRIC = 'http_server_request_duration_seconds'

/** A service that takes part in verify, found by what it emits. */
export interface Service {
  readonly name: string
  /** `service.instance.id` of its replicas, sorted. */
  readonly instances: readonly string[]
  /** Spans of requests of verify's own that it served, as far as traces have been read. */
  readonly ownServerSpans: number
}

/** The label sets of what serves HTTP. */
export const SERVICES_QUERY = `group by (service_name, service_instance_id) (${REQUESTS_METRIC}_count)`
/** Whether the collector could scrape each replica. */
const UP_QUERY = 'up{service_name!=""}'

/** What the collector scrapes, and whether it could. */
export interface ScrapeTarget {
  readonly labels: Labels
  readonly up: boolean
}

/**
 * Services and their replicas, by name: what serves HTTP, what has spans in verify's own traces, and what
 * the collector should be able to scrape and cannot.
 */
export function discoverServices(
  series: readonly Labels[],
  targets: readonly ScrapeTarget[],
  ownTraces: readonly Trace[],
): Service[] {
  const instances = new Map<string, Set<string>>()
  const serverSpans = new Map<string, number>()
  const add = (name: string | undefined, instance: string | undefined) => {
    if (name === undefined || name === '') return
    const known = instances.get(name) ?? new Set()
    if (instance !== undefined && instance !== '') known.add(instance)
    instances.set(name, known)
  }
  for (const labels of series) add(labels.service_name, labels.service_instance_id)
  for (const span of ownTraces.flatMap(({ spans }) => spans)) {
    add(span.serviceName, replicaOf(span))
    if (span.kind !== 'server') continue
    serverSpans.set(span.serviceName, (serverSpans.get(span.serviceName) ?? 0) + 1)
  }
  for (const { labels, up } of targets) {
    if (!up || instances.has(labels.service_name ?? '')) add(labels.service_name, labels.service_instance_id)
  }
  return [...instances]
    .map(([name, ids]) => ({ name, instances: [...ids].sort(), ownServerSpans: serverSpans.get(name) ?? 0 }))
    .sort((a, b) => a.name.localeCompare(b.name))
}

/** Replica that made a span. */
export function replicaOf(span: Span): string | undefined {
  const instance = span.resource['service.instance.id']
  return typeof instance === 'string' ? instance : undefined
}

/** Replicas that are expected and were not seen. */
export function missingInstances(service: Service, seen: Iterable<string | undefined>): string[] {
  const known = new Set(seen)
  return service.instances.filter((instance) => !known.has(instance))
}

/** What is known of the services, and of the traces of verify's own requests. */
export interface Discovered {
  readonly services: readonly Service[]
  readonly targets: readonly ScrapeTarget[]
  /** Ids of the traces that were looked up. */
  readonly followed: readonly string[]
  /** Those of them that are stored. */
  readonly stored: CallResult<readonly Trace[]>
}

/** How long before verify began a replica must have been seen to be expected now, in ms. */
export const HISTORY_MS = 60_000
/** Several probes ask within the same second. */
const MAX_AGE_MS = 900

/** Finds out what is so now, or was less than a second ago. */
export type Discover = () => Promise<Discovered>

/** What was known once stays known where Prometheus does not answer. */
export function createDiscover(context: Context, readTraces: OwnTraces): Discover {
  const { prometheus } = context.backends
  const then = { timeMs: context.beginMs, lookbackMs: HISTORY_MS }
  /** What served HTTP shortly before verify began, and what does since. */
  let history: readonly Labels[] = []
  let recent: readonly Labels[] = []
  let targets: readonly ScrapeTarget[] = []
  let last: { readonly atMs: number; readonly discovered: Promise<Discovered> } | undefined

  async function look(): Promise<Discovered> {
    const now = { lookbackMs: sinceBeginMs(context) }
    const followed = followedTraceIds(context)
    const [before, since, up, stored] = await Promise.all([
      history.length > 0 ? undefined : resultOf(prometheus.query(SERVICES_QUERY, then)),
      resultOf(prometheus.query(SERVICES_QUERY, now)),
      resultOf(prometheus.query(UP_QUERY, now)),
      readTraces(followed),
    ])
    if (before !== undefined) history = valueOr(before, []).map(({ labels }) => labels)
    if ('value' in since) recent = since.value.map(({ labels }) => labels)
    if ('value' in up) targets = up.value.map(({ labels, value }) => ({ labels, up: value !== 0 }))
    const services = discoverServices([...history, ...recent], targets, valueOr(stored, []))
    return { services, targets, followed, stored }
  }

  return () => {
    const atMs = Date.now()
    if (last === undefined || atMs - last.atMs > MAX_AGE_MS) last = { atMs, discovered: look() }
    return last.discovered
  }
}

/** What is found about a signal of each service; one finding that says so while no service is known. */
export async function forEachService(
  services: readonly Service[],
  signal: Signal,
  observe: (service: Service) => Promise<Finding | readonly Finding[]>,
): Promise<Finding[]> {
  if (services.length > 0) return (await pMap(services, observe, { concurrency: 2 })).flat()
  return [
    {
      id: `signal/any/${signal}`,
      hop: signal,
      signal,
      status: 'skipped',
      expected: `${signal} of every service`,
      seen: 'no service is known',
      query: 'services in metrics, traces and scrape targets',
      explainedBy: ['reach/*', 'requests', 'signal/services'],
    },
  ]
}

/** Whether each replica of the services can be scraped; the collector itself is another check's matter. */
export function judgeReplicas(services: readonly Service[], targets: readonly ScrapeTarget[]): Finding[] {
  const known = new Set(services.map(({ name }) => name))
  return targets
    .filter(({ labels }) => known.has(labels.service_name ?? ''))
    .map(
      ({ labels: { service_name: service = '', service_instance_id: instance = service }, up }): Finding => {
        const finding = {
          id: replicaCheck(service, instance),
          hop: 'services',
          service,
          expected: 'the collector can scrape it',
          query: `up{service_name="${service}", service_instance_id="${instance}"}`,
          // A gateway that does not answer its callers is a replica that is down.
          explainedBy: ['reach/collector', 'reach/prometheus', `reach/${service}`],
        } as const
        if (up) return { ...finding, status: 'pass', seen: 'up' }
        return fail(finding, {
          seen: 'up is 0',
          likelyCause: 'the replica is down or stuck, or its admin listener is',
          nextStep: `faultline status, then faultline logs ${instance}`,
        })
      },
    )
}

/** Id of a replica's check; without a replica, the pattern of all of the service's. */
export function replicaCheck(service: string, instance = '*'): string {
  return `replica/${service}/${instance}`
}
