import { quantileColours, statusOverrides } from '../colours.ts'
import { objectives } from '../objectives.ts'
import { latencyHeatmap } from '../panels/heatmap.ts'
import { table } from '../panels/table.ts'
import { timeSeries } from '../panels/time-series.ts'
import { rate, sumBy } from '../queries/promql.ts'
import { errors, latency, serverRequests, traffic } from '../queries/red.ts'
import { chosen } from '../variables.ts'
import type { KitRow } from './row.ts'

const byRoute = ['http_request_method', 'http_route']
const route = '{{http_request_method}} {{http_route}}'

const latencyLine = [
  [null, 'transparent'],
  [objectives.latencySeconds, 'red'],
] as const

/** Rate, errors and duration of the requests, by route. */
export const requestsRow: KitRow = {
  title: 'Requests',
  panels: [
    timeSeries(
      {
        title: 'Requests by route',
        description:
          'Requests answered per second. A single route that drops points at its callers; all of them at the way here.',
        width: 8,
        height: 9,
        unit: 'reqps',
      },
      [{ expr: traffic(serverRequests, byRoute, chosen), legend: route }],
    ),
    timeSeries(
      {
        title: 'Errors by route',
        description:
          'Share of requests answered with 5xx. One route: its code or its queries. All routes: a dependency or the replica.',
        width: 8,
        height: 9,
        unit: 'percentunit',
        softMax: objectives.errorBudget * 2,
        max: 1,
        thresholds: [
          [null, 'transparent'],
          [objectives.errorBudget, 'red'],
        ],
      },
      [{ expr: errors(serverRequests, byRoute, chosen), legend: route }],
    ),
    timeSeries(
      {
        title: 'p95 latency by route',
        description: '95 % of the requests are quicker. Each dot is a stored request: it leads to its trace.',
        width: 8,
        height: 9,
        unit: 's',
        thresholds: latencyLine,
      },
      [{ expr: latency(serverRequests, 0.95, byRoute, chosen), legend: route, exemplars: true }],
    ),
    latencyHeatmap(
      {
        title: 'Latency distribution',
        description:
          'How many requests took how long. Two bands are two kinds of requests, such as cache hits and misses; an average would hide both. Dots lead to traces.',
        width: 12,
        height: 9,
      },
      serverRequests.duration,
      chosen,
    ),
    timeSeries(
      {
        title: 'Status codes',
        description:
          'Answers per second by status code. Many 4xx: a client does something wrong, or an attack. 503: load is being shed.',
        width: 6,
        height: 9,
        unit: 'reqps',
        stacked: true,
        overrides: statusOverrides,
      },
      [
        {
          expr: sumBy(['http_response_status_code'], rate(`${serverRequests.duration}_count`, chosen)),
          legend: '{{http_response_status_code}}',
        },
      ],
    ),
    timeSeries(
      {
        title: 'Latency',
        description: 'Quantiles over all routes.',
        width: 6,
        height: 9,
        unit: 's',
        thresholds: latencyLine,
        overrides: quantileColours,
      },
      [
        { expr: latency(serverRequests, 0.99, [], chosen), legend: 'p99', exemplars: true },
        { expr: latency(serverRequests, 0.95, [], chosen), legend: 'p95' },
        { expr: latency(serverRequests, 0.5, [], chosen), legend: 'p50' },
      ],
    ),
    table({
      title: 'Routes',
      description: 'The same as numbers, of the last minute, busiest first.',
      width: 24,
      labels: [
        { label: 'http_request_method', header: 'Method' },
        { label: 'http_route', header: 'Route' },
      ],
      values: [
        { expr: traffic(serverRequests, byRoute, chosen), header: 'Requests', unit: 'reqps' },
        {
          expr: errors(serverRequests, byRoute, chosen),
          header: 'Errors',
          unit: 'percentunit',
          thresholds: [
            [null, 'text'],
            [objectives.errorBudget, 'red'],
          ],
        },
        ...([0.5, 0.95, 0.99] as const).map((of) => ({
          expr: latency(serverRequests, of, byRoute, chosen),
          header: `p${of * 100}`,
          unit: 's',
          thresholds: [
            [null, 'text'],
            [objectives.latencySeconds, 'orange'],
          ] as const,
        })),
      ],
      sortBy: 'Requests',
    }),
  ],
}
