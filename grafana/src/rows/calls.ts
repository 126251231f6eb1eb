import { serviceOverrides } from '../colours.ts'
import type { KitRow, MayBeEmpty } from '../panels/panel.ts'
import { timeSeries } from '../panels/time-series.ts'
import { rate, select, sumBy } from '../queries/promql.ts'
import {
  calls,
  clientRequests,
  errors,
  latency,
  outgoingCalls,
  processedMessages,
  sentMessages,
  traffic,
} from '../queries/red.ts'
import { chosen, chosenService } from '../variables.ts'

const byPeer = ['peer_service']
const legend = '{{peer_service}}'
const ofService = { ...chosenService, ...calls }

const noCalls: MayBeEmpty = { when: 'other-service', why: 'This service asks nothing of others' }
const noHttpCalls: MayBeEmpty = { when: 'other-service', why: 'This service makes no HTTP calls' }

/** What the service asks of others, as it sees it: the network between them is in it. */
export const callsRow: KitRow = {
  title: 'Calls to others',
  width: 6,
  panels: [
    timeSeries({
      title: 'Calls by callee',
      description:
        'Calls per second, retries included. More than the requests would explain: retries, or one query per item.',
      unit: 'reqps',
      overrides: serviceOverrides,
      expr: traffic(outgoingCalls, byPeer, ofService),
      legend,
      mayBeEmpty: noCalls,
    }),
    timeSeries({
      title: 'Failed calls by callee',
      description:
        'Share of calls that failed or got no answer. Errors here and none in the callee: the way between them.',
      unit: 'percentunit',
      softMax: 0.02,
      max: 1,
      overrides: serviceOverrides,
      expr: errors(outgoingCalls, byPeer, ofService),
      legend,
      mayBeEmpty: noCalls,
    }),
    timeSeries({
      title: 'p95 latency by callee',
      description:
        'Compare with the callee’s own latency: the difference is the network and the wait for a connection.',
      unit: 's',
      overrides: serviceOverrides,
      expr: latency(outgoingCalls, 0.95, byPeer, ofService),
      legend,
      mayBeEmpty: noCalls,
    }),
    timeSeries({
      title: 'p95 latency of HTTP calls',
      description: 'HTTP calls alone, until the body has arrived. Dots lead to traces.',
      unit: 's',
      overrides: serviceOverrides,
      expr: latency(clientRequests, 0.95, byPeer, chosen),
      legend,
      exemplars: true,
      mayBeEmpty: noHttpCalls,
    }),
  ],
}

/** What the service does to survive its dependencies and its callers. */
export const protectionRow: KitRow = {
  title: 'Protection',
  width: 6,
  panels: [
    timeSeries({
      title: 'Shed requests',
      description:
        'Requests turned away with 503 because the service had more than it could do. Zero is normal.',
      unit: 'reqps',
      softMax: 1,
      expr: sumBy(['reason'], rate('load_shed_requests_total', chosen)),
      legend: '{{reason}}',
      mayBeEmpty: { when: 'other-service', why: 'This service sheds no load' },
    }),
    timeSeries({
      title: 'Outcome of HTTP calls',
      description: 'Calls per second by how they ended after retries.',
      unit: 'reqps',
      expr: sumBy(['peer_service', 'outcome'], rate('resilience_calls_total', chosen)),
      legend: '{{peer_service}} {{outcome}}',
      mayBeEmpty: noHttpCalls,
    }),
    timeSeries({
      title: 'Retries and refusals',
      description:
        'Attempts beyond the first, attempts that timed out, and calls not made: the budget for retries was spent, or too many were under way.',
      unit: 'reqps',
      softMax: 1,
      mayBeEmpty: noHttpCalls,
      queries: (
        [
          ['resilience_retries_total', 'retries'],
          ['resilience_timeouts_total', 'timeouts'],
          ['resilience_retry_budget_exhausted_total', 'no budget left'],
          ['resilience_bulkhead_rejected_total', 'too many under way'],
        ] as const
      ).map(([counter, name]) => ({
        expr: sumBy(byPeer, rate(counter, chosen)),
        legend: `${legend} ${name}`,
      })),
    }),
    timeSeries({
      title: 'Circuit breakers',
      description:
        '0 closed: calls go through. 1 half open: one is tried. 2 open: calls fail at once, and the callee is left alone.',
      unit: 'short',
      max: 2,
      expr: select('resilience_breaker_state', chosen),
      legend: '{{peer_service}} {{replica}}',
      mayBeEmpty: noHttpCalls,
    }),
  ],
}

const bySubject = ['messaging_destination_name', 'messaging_consumer_group_name']
const subject = '{{messaging_consumer_group_name}} {{messaging_destination_name}}'

const sendsNone: MayBeEmpty = { when: 'other-service', why: 'This service sends no messages' }
const takesNone: MayBeEmpty = { when: 'other-service', why: 'This service takes no messages' }

/** Messages that the service sends and takes. */
export const serviceMessagesRow: KitRow = {
  title: 'Messages',
  width: 6,
  panels: [
    timeSeries({
      title: 'Sent',
      description: 'Messages per second that this service sends, by subject.',
      unit: 'cps',
      expr: traffic(sentMessages, bySubject, chosen),
      legend: subject,
      mayBeEmpty: sendsNone,
    }),
    timeSeries({
      title: 'Taken',
      description: 'Messages per second that this service processes, by consumer, failed attempts included.',
      unit: 'cps',
      expr: traffic(processedMessages, bySubject, chosen),
      legend: subject,
      mayBeEmpty: takesNone,
    }),
    timeSeries({
      title: 'Failed attempts',
      description: 'Share of the attempts to process a message that failed.',
      unit: 'percentunit',
      softMax: 0.02,
      max: 1,
      expr: errors(processedMessages, bySubject, chosen),
      legend: subject,
      mayBeEmpty: takesNone,
    }),
    timeSeries({
      title: 'p99 to process',
      description: '99 % of the attempts are quicker. Dots lead to traces.',
      unit: 's',
      expr: latency(processedMessages, 0.99, bySubject, chosen),
      legend: subject,
      exemplars: true,
      mayBeEmpty: takesNone,
    }),
  ],
}
