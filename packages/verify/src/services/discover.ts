import type { Labels, Span, Trace } from '@faultline/backends-client'

/** A service that takes part in verify, found by what it emits. */
export interface Service {
  readonly name: string
  /** `service.instance.id` of its replicas, sorted. */
  readonly instances: readonly string[]
  /** Spans of requests of verify's own that it served, as far as traces have been read. */
  readonly ownServerSpans: number
}

/** The label sets of what serves HTTP, or did so shortly before verify began. */
export const SERVICES_QUERY =
  'group by (service_name, service_instance_id) (http_server_request_duration_seconds_count)'

/** What the collector scrapes, and whether it could. */
export interface ScrapeTarget {
  readonly labels: Labels
  readonly up: boolean
}

/** What services are made out from. */
export interface Evidence {
  /** Label sets of what serves HTTP. */
  readonly series: readonly Labels[]
  readonly targets: readonly ScrapeTarget[]
  /** Traces of verify's own requests. */
  readonly ownTraces: Iterable<Trace>
}

/**
 * Services and their replicas, by name: what serves HTTP, what has spans in verify's own traces, and what
 * the collector should be able to scrape and cannot.
 */
export function discoverServices({ series, targets, ownTraces }: Evidence): Service[] {
  const instances = new Map<string, Set<string>>()
  const serverSpans = new Map<string, number>()
  const add = (name: string | undefined, instance: string | undefined) => {
    if (name === undefined || name === '') return
    const known = instances.get(name) ?? new Set()
    if (instance !== undefined && instance !== '') known.add(instance)
    instances.set(name, known)
  }
  for (const labels of series) add(labels.service_name, labels.service_instance_id)
  for (const trace of ownTraces) {
    for (const span of trace.spans) {
      add(span.serviceName, instanceOf(span))
      if (span.kind !== 'server') continue
      serverSpans.set(span.serviceName, (serverSpans.get(span.serviceName) ?? 0) + 1)
    }
  }
  for (const { labels, up } of targets) {
    if (!up || instances.has(labels.service_name ?? '')) add(labels.service_name, labels.service_instance_id)
  }
  return [...instances]
    .map(([name, ids]) => ({ name, instances: [...ids].sort(), ownServerSpans: serverSpans.get(name) ?? 0 }))
    .sort((a, b) => a.name.localeCompare(b.name))
}

/** Replica that made a span. */
export function instanceOf(span: Span): string | undefined {
  const instance = span.resource['service.instance.id']
  return typeof instance === 'string' ? instance : undefined
}

/** Replicas that are expected and were not seen. */
export function missingInstances(service: Service, seen: Iterable<string | undefined>): string[] {
  const known = new Set(seen)
  return service.instances.filter((instance) => !known.has(instance))
}
