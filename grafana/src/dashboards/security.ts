import { logLines } from '../panels/evidence.ts'
import type { KitRow } from '../panels/panel.ts'
import { timeSeries } from '../panels/time-series.ts'
import { everyService, readable } from '../queries/logs-and-traces.ts'
import { rate, select, sumBy } from '../queries/promql.ts'
import { kitDashboard } from './dashboard.ts'

const byOutcome = ['outcome']

/** Who gets in, and how. */
const identityRow: KitRow = {
  title: 'Who gets in',
  width: 6,
  panels: [
    timeSeries({
      title: 'Sign-ins',
      description:
        'Passwords checked per second, by outcome. Wrong ones rising with nobody complaining: somebody tries a list of passwords.',
      unit: 'cps',
      expr: sumBy(byOutcome, rate('sign_ins_total')),
      legend: '{{outcome}}',
    }),
    timeSeries({
      title: 'Refreshed sessions',
      description:
        'Refresh tokens per second by what came of them. Reused: a token was presented twice, so it is in two hands; its session is ended at once.',
      unit: 'cps',
      expr: sumBy(byOutcome, rate('session_refreshes_total')),
      legend: '{{outcome}}',
    }),
    timeSeries({
      title: 'Sessions ended early',
      description: 'Sessions per second that were revoked, by reason. Token reuse should be zero.',
      unit: 'cps',
      softMax: 1,
      expr: sumBy(['reason'], rate('sessions_revoked_total')),
      legend: '{{reason}}',
    }),
    timeSeries({
      title: 'Access tokens accepted',
      description: 'Tokens per second that a service took; each service checks for itself.',
      unit: 'cps',
      expr: sumBy(['service_name'], rate('auth_token_checks_total', { outcome: '="accepted"' })),
      legend: '{{service_name}}',
    }),
  ],
}

/** Who is kept out, and by what. */
const refusalsRow: KitRow = {
  title: 'Who is kept out',
  width: 6,
  panels: [
    timeSeries({
      title: 'Tokens refused',
      description:
        'Access tokens per second that were not taken, by service and fault. Expired ones are clients that renew too late; signature, algorithm and unknown key are forgeries.',
      unit: 'cps',
      softMax: 1,
      expr: sumBy(
        ['service_name', 'outcome'],
        rate('auth_token_checks_total', { outcome: '!~"accepted|scope"' }),
      ),
      legend: '{{service_name}} {{outcome}}',
    }),
    timeSeries({
      title: 'Access denied',
      description:
        'Requests per second with a good token that allows too little. A client that was given the wrong scope, or one that tries what it may not.',
      unit: 'cps',
      softMax: 1,
      expr: sumBy(['service_name'], rate('auth_token_checks_total', { outcome: '="scope"' })),
      legend: '{{service_name}}',
    }),
    timeSeries({
      title: 'Rate limited',
      description:
        'Requests per second that were refused with 429, by what was counted: address, user, or failed sign-ins of either.',
      unit: 'reqps',
      softMax: 1,
      expr: sumBy(['scope'], rate('rate_limited_requests_total')),
      legend: '{{scope}}',
    }),
    timeSeries({
      title: 'Input rejected',
      description:
        'Requests per second whose input a service does not take, by service and reason. Probing looks like this before it succeeds.',
      unit: 'reqps',
      softMax: 1,
      expr: sumBy(['service_name', 'reason'], rate('input_rejections_total')),
      legend: '{{service_name}} {{reason}}',
    }),
  ],
}

/** Which protections are on, and what was logged. */
const protectionsRow: KitRow = {
  title: 'Protections and evidence',
  width: 12,
  height: 9,
  panels: [
    timeSeries({
      title: 'Feature flags',
      description:
        'Replicas by the value that each flag has there. Two values of one flag at the same time: a replica has not heard of a change.',
      unit: 'short',
      stacked: true,
      expr: `${sumBy(['feature_flag_key', 'feature_flag_result_variant'], select('feature_flag_active'))} > 0`,
      legend: '{{feature_flag_key}} = {{feature_flag_result_variant}}',
    }),
    timeSeries({
      title: 'Webhook deliveries',
      description:
        'Attempts per second to tell a webhook, by how they ended. Address refused: it is not a public one.',
      unit: 'cps',
      expr: sumBy(byOutcome, rate('box_office_webhook_deliveries_total')),
      legend: '{{outcome}}',
    }),
    logLines({
      title: 'Security events',
      description:
        'Sign-ins, refusals, denials, limits and rejected input of all services, newest first, by the vocabulary of OWASP (`event_name`).',
      width: 24,
      height: 12,
      mayBeEmpty: { when: 'healthy', why: 'No security event was logged' },
      expr: `${everyService} | event_name=~"security.+" | ${readable}`,
    }),
  ],
}

/** Who gets in, who is kept out, and which protections are on. */
export const security = kitDashboard({
  uid: 'security',
  description:
    'Who gets in, who is kept out and by which protection, which switches are set, and the security events in the logs.',
  tabs: ['overview', 'service'],
  rows: [identityRow, refusalsRow, protectionsRow],
})
