import type { HistogramName } from '../generated/signals.ts'
import { type Matchers, type Part, quantile, rate, shareOf, sumBy } from './promql.ts'

/** Rate, errors, duration of anything that keeps a duration histogram. */

/** One kind of work: the histogram that measures it and what a failure of it is. */
export interface Work {
  readonly duration: HistogramName
  readonly failure: Part
}

/** Requests that a service answers; 5xx is its failure, as in the objectives. */
export const serverRequests: Work = {
  duration: 'http_server_request_duration_seconds',
  failure: { label: 'http_response_status_code', inside: '=~"5.."', outside: '!~"5.."' },
}

/** Requests that the edge answers, whoever answered it; Caddy's own names. */
export const edgeRequests: Work = {
  duration: 'caddy_http_request_duration_seconds',
  failure: { label: 'code', inside: '=~"5.."', outside: '!~"5.."' },
}

/** Selects, of all requests at the edge, those of visitors: the rest are scrapes. */
export const visitors: Matchers = { server: '=~"https?"' }

const errorType: Part = { label: 'error_type', inside: '!=""', outside: '=""' }

/** Requests that a service makes; no answer is a failure too, hence `error.type`. */
export const clientRequests: Work = {
  duration: 'http_client_request_duration_seconds',
  failure: errorType,
}

export const databaseOperations: Work = {
  duration: 'db_client_operation_duration_seconds',
  failure: errorType,
}

/** Messages that a service sends; without the broker's word that it has them they are not sent. */
export const sentMessages: Work = {
  duration: 'messaging_client_operation_duration_seconds',
  failure: errorType,
}

/** Attempts of a consumer to process a message. */
export const processedMessages: Work = {
  duration: 'messaging_process_duration_seconds',
  failure: errorType,
}

/** All that a service asks of others, HTTP or not, as its spans tell it. */
export const outgoingCalls: Work = {
  duration: 'traces_span_metrics_duration_seconds',
  failure: { label: 'status_code', inside: '="STATUS_CODE_ERROR"', outside: '!="STATUS_CODE_ERROR"' },
}

/** Selects, of all spans, the calls to a named other, and the messages to a named broker; their other end may have no spans of its own. */
export const calls: Matchers = {
  span_kind: '=~"SPAN_KIND_(CLIENT|PRODUCER)"',
  peer_service: '!=""',
}

/** Events per second. */
export const traffic = ({ duration }: Work, labels: readonly string[], matchers?: Matchers): string =>
  sumBy(labels, rate(`${duration}_count`, matchers))

/** Share of failed events, 0 to 1. */
export const errors = ({ duration, failure }: Work, labels: readonly string[], matchers?: Matchers): string =>
  shareOf(`${duration}_count`, failure, labels, matchers)

/** Quantile of the duration, in seconds. */
export const latency = (
  { duration }: Work,
  of: number,
  labels: readonly string[],
  matchers?: Matchers,
): string => quantile(of, duration, labels, matchers)

/** From the confirmation of a paid order until its ticket is available. */

/** Quantile in seconds. */
export const timeToTicket = (of: number): string => quantile(of, 'box_office_payment_to_ticket_seconds', [])
