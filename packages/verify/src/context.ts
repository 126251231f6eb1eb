import type { Backends, Labels, Trace } from '@faultline/backends-client'
import type { PlacedExemplar } from './links/exemplars.ts'
import type { Requester } from './requests/requester.ts'
import { discoverServices, type ScrapeTarget, type Service } from './services/discover.ts'
import { spread } from './spread.ts'

/** Addresses that verify needs; those of the running kit have them all. */
export interface VerifyEndpoints {
  /** The way in for visitors, in the clear and under TLS. */
  readonly edge: string
  readonly edgeTls: string
  readonly gateway: string
  readonly prometheus: string
  readonly loki: string
  readonly tempo: string
  readonly pyroscope: string
  /** Health check of the collector. */
  readonly collectorHealth: string
  /** Where Grafana runs. */
  readonly grafana?: string
}

/** What probes share: where to ask, since when things count, and what has been found on the way. */
export interface Context {
  readonly endpoints: VerifyEndpoints
  readonly backends: Backends
  readonly requester: Requester
  /** Epoch ms; nothing older is evidence. */
  readonly beginMs: number
  readonly signal: AbortSignal
  /** Ids of checks that failed for good or do not apply. */
  readonly hopeless: ReadonlySet<string>
  readonly found: Found
}

/** What one probe finds out and others start from. */
export interface Found {
  /** Series that served HTTP shortly before verify began. */
  readonly history: Labels[]
  /** Series that serve HTTP since. */
  recent: readonly Labels[]
  targets: readonly ScrapeTarget[]
  /** Stored traces of verify's own requests, by id. */
  readonly ownTraces: Map<string, Trace>
  /** Exemplars of verify's own requests, by trace id. */
  readonly ownExemplars: Map<string, PlacedExemplar>
  /** Some code of verify's own orders has been sampled by a profiler. */
  orderSampled: boolean
  /** Until when verify's own requests were sent, epoch ms; undefined while the first are on their way. */
  sentUntilMs: number | undefined
  /** How many requests those were; more may follow while links are incomplete. */
  sentAtFirst: number
}

export function nothingFound(): Found {
  return {
    history: [],
    recent: [],
    targets: [],
    ownTraces: new Map(),
    ownExemplars: new Map(),
    orderSampled: false,
    sentUntilMs: undefined,
    sentAtFirst: 0,
  }
}

export function servicesOf({ found }: Context): Service[] {
  const series = [...found.history, ...found.recent]
  return discoverServices({ series, targets: found.targets, ownTraces: found.ownTraces.values() })
}

/** Ids of the traces of verify's own requests that were answered. */
export function ownTraceIds({ requester }: Context): string[] {
  return requester.sent.flatMap(({ traceId, status }) => (status === undefined ? [] : [traceId]))
}

/**
 * Some of the traces of verify's own requests, and those of its orders: what only an order reaches has spans and lines
 * in these alone.
 *
 * @param among the traces to choose from
 */
export function followedTraceIds({ requester }: Context, among: readonly string[], atMost: number): string[] {
  const orders = new Set(requester.orders.flatMap(({ traceId }) => traceId ?? []))
  return [...spread(among, atMost).filter((id) => !orders.has(id)), ...orders]
}

/** How long verify has been running, in ms, at least a second. */
export function sinceBeginMs({ beginMs }: Context): number {
  return Math.max(1_000, Date.now() - beginMs)
}

/** The last of verify's own requests is this many ms ago; 0 while the first are on their way. */
export function sinceSentMs({ found }: Context): number {
  return found.sentUntilMs === undefined ? 0 : Date.now() - found.sentUntilMs
}
