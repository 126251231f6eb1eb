import type { Backends } from '@faultline/backends-client'
import type { Signal } from './report/check.ts'
import type { Requester } from './requests/requester.ts'

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

/** Whom probes ask, about which requests, and since when things count. */
export interface Context {
  readonly backends: Backends
  /** Verify's own requests; more are sent while something that is a matter of chance is missing. */
  readonly requester: Pick<Requester, 'marker' | 'sent' | 'orders' | 'plan'>
  /** Epoch ms; nothing older is evidence. */
  readonly beginMs: number
  /** When the first of verify's own requests were out, epoch ms. */
  readonly sentMs: number
}

/**
 * How long after verify's own requests their telemetry may take, in ms. What is later is missing. The
 * pipeline's own waiting (export every few seconds, the sampler's 5 s, a profile's 10 s, a scrape every 2 s,
 * a retry after up to 10 s) fits in twice over.
 */
export const patience: Readonly<Record<Signal, number>> = {
  metrics: 20_000,
  logs: 20_000,
  traces: 25_000,
  profiles: 35_000,
}

/** Whether what a signal has not shown of verify's own requests by now is missing. */
export function isLate({ sentMs }: Pick<Context, 'sentMs'>, signal: Signal): boolean {
  return Date.now() - sentMs > patience[signal]
}

/** How long verify has been running, in ms, at least a second. */
export function sinceBeginMs({ beginMs }: Pick<Context, 'beginMs'>): number {
  return Math.max(1_000, Date.now() - beginMs)
}
