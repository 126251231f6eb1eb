import { quantileColours } from '../colours.ts'
import type { KitRow } from '../panels/panel.ts'
import { timeSeries } from '../panels/time-series.ts'
import { quantile, rate, select, shareOf, sumBy } from '../queries/promql.ts'
import { latency, serverRequests, timeToTicket } from '../queries/red.ts'

/** What the load generator offers and what it gets: the visitors' side. */
export const loadRow: KitRow = {
  title: 'Load generator',
  width: 6,
  panels: [
    timeSeries({
      title: 'Offered load',
      description:
        'Iterations that k6 started per second, by scenario. The rate is fixed in advance: if it sags, k6 had no free virtual user, and iterations were dropped.',
      unit: 'iops',
      stacked: true,
      expr: sumBy(['scenario'], rate('k6_iterations_total')),
      legend: '{{scenario}}',
    }),
    timeSeries({
      title: 'Virtual users',
      description: 'Virtual users at work, and how many k6 has at its disposal.',
      unit: 'short',
      queries: [
        { expr: sumBy([], select('k6_vus')), legend: 'at work' },
        { expr: sumBy([], select('k6_vus_max')), legend: 'limit' },
      ],
    }),
    timeSeries({
      title: 'Failed for the visitor',
      description:
        'Share of requests that k6 counts as failed. Above the errors of the gateway: requests that never reached it.',
      unit: 'percentunit',
      softMax: 0.02,
      max: 1,
      expr: shareOf(
        'k6_http_req_failed_total',
        { label: 'condition', inside: '="nonzero"', outside: '="zero"' },
        ['scenario'],
      ),
      legend: '{{scenario}}',
    }),
    timeSeries({
      title: 'Latency outside and inside',
      description:
        'p95 as k6 measures it and as the gateway does. A gap between the two is time before the handler: the network, the accept queue, a busy event loop.',
      unit: 's',
      overrides: quantileColours,
      queries: [
        { expr: `${quantile(0.95, 'k6_http_req_duration_milliseconds', [])} / 1000`, legend: 'k6' },
        {
          expr: latency(serverRequests, 0.95, ['service_name'], { service_name: '="gateway"' }),
          legend: '{{service_name}}',
        },
      ],
    }),
    timeSeries({
      title: 'How visits of buyers ended',
      description:
        'Visits per second of buyers, by how far they got. Abandoned and declined are as they are meant to be, one in twenty and one in fifty; anything else beside ticket is somebody who did not get what they came for.',
      width: 12,
      unit: 'cps',
      stacked: true,
      expr: sumBy(['outcome'], rate('k6_visits_total')),
      legend: '{{outcome}}',
    }),
    timeSeries({
      title: 'Ticket outside and inside',
      description:
        'p95 of the time from payment to ticket, as buyers see it who ask every half second, and as ticketing measures it.',
      width: 12,
      unit: 's',
      overrides: quantileColours,
      queries: [
        { expr: `${quantile(0.95, 'k6_time_to_ticket_milliseconds', [])} / 1000`, legend: 'k6' },
        { expr: timeToTicket(0.95), legend: 'ticketing' },
      ],
    }),
  ],
}
