import { quantileColours, statusOverrides } from '../colours.ts'
import { dashboardLink } from '../links.ts'
import { objectives } from '../objectives.ts'
import { latencyHeatmap } from '../panels/heatmap.ts'
import { type KitRow, steps } from '../panels/panel.ts'
import { table } from '../panels/table.ts'
import { stat, timeSeries } from '../panels/time-series.ts'
import { rate, select, sumBy } from '../queries/promql.ts'
import { errors, latency, serverRequests, traffic } from '../queries/red.ts'
import { uptime } from '../queries/runtime.ts'
import { chosen, chosenService, placeholder } from '../variables.ts'
import { budgetRemaining, firingAlerts } from './slo.ts'

const ofService = { service: chosenService.service_name }

/** The service in six numbers, and what has paged for it. */
export const atAGlanceRow: KitRow = {
  title: 'At a glance',
  width: 3,
  height: 5,
  panels: [
    stat({
      title: 'Requests per second',
      description: 'Requests that the chosen replicas answer.',
      unit: 'reqps',
      thresholds: steps('text'),
      expr: traffic(serverRequests, [], chosen),
    }),
    stat({
      title: 'Errors',
      description: 'Share of requests answered with 5xx; red from the share that the objective allows.',
      unit: 'percentunit',
      decimals: 2,
      thresholds: steps('green', [objectives.errorBudget, 'red']),
      expr: errors(serverRequests, [], chosen),
    }),
    stat({
      title: 'p99 latency',
      description: '99 % of the requests are quicker; red from the latency objective.',
      unit: 's',
      thresholds: steps('green', [objectives.latencySeconds, 'red']),
      expr: latency(serverRequests, 0.99, [], chosen),
    }),
    stat({
      title: 'Replicas up',
      description: 'Replicas whose last scrape worked.',
      unit: 'short',
      thresholds: steps('red', [1, 'green']),
      expr: `sum(${select('up', chosen)})`,
    }),
    stat({
      title: 'Youngest replica',
      description: 'Time since the last start of a replica. A few seconds, again and again, is a crash loop.',
      unit: 's',
      decimals: 0,
      thresholds: steps('orange', [60, 'text']),
      expr: `min(${uptime(chosen)})`,
    }),
    budgetRemaining(3, 5, ofService, {
      when: 'other-service',
      why: 'No objective for this service',
    }),
    firingAlerts(6, 5, ofService),
  ],
}

const byRoute = ['http_request_method', 'http_route']
const route = '{{http_request_method}} {{http_route}}'

const latencyLine = steps('transparent', [objectives.latencySeconds, 'red'])

/** Rate, errors and duration of the requests, by route. */
export const requestsRow: KitRow = {
  title: 'Requests',
  width: 8,
  panels: [
    timeSeries({
      title: 'Requests by route',
      description:
        'Requests answered per second. A single route that drops points at its callers; all of them at the way here.',
      height: 9,
      unit: 'reqps',
      expr: traffic(serverRequests, byRoute, chosen),
      legend: route,
    }),
    timeSeries({
      title: 'Errors by route',
      description:
        'Share of requests answered with 5xx. One route: its code or its queries. All routes: a dependency or the replica.',
      height: 9,
      unit: 'percentunit',
      softMax: objectives.errorBudget * 2,
      max: 1,
      thresholds: steps('transparent', [objectives.errorBudget, 'red']),
      expr: errors(serverRequests, byRoute, chosen),
      legend: route,
    }),
    timeSeries({
      title: 'p95 latency by route',
      description: '95 % of the requests are quicker. Each dot is a stored request: it leads to its trace.',
      height: 9,
      unit: 's',
      thresholds: latencyLine,
      expr: latency(serverRequests, 0.95, byRoute, chosen),
      legend: route,
      exemplars: true,
    }),
    latencyHeatmap({
      title: 'Latency distribution',
      description:
        'How many requests took how long. Two bands are two kinds of requests, such as cache hits and misses; an average would hide both. Dots lead to traces.',
      width: 12,
      height: 9,
      histogram: serverRequests.duration,
      matchers: chosen,
    }),
    timeSeries({
      title: 'Status codes',
      description:
        'Answers per second by status code. Many 4xx: a client does something wrong, or an attack. 503: load is being shed.',
      width: 6,
      height: 9,
      unit: 'reqps',
      stacked: true,
      overrides: statusOverrides,
      expr: sumBy(['http_response_status_code'], rate(`${serverRequests.duration}_count`, chosen)),
      legend: '{{http_response_status_code}}',
    }),
    timeSeries({
      title: 'Latency',
      description: 'Quantiles over all routes.',
      width: 6,
      height: 9,
      unit: 's',
      thresholds: latencyLine,
      overrides: quantileColours,
      queries: [
        { expr: latency(serverRequests, 0.99, [], chosen), legend: 'p99', exemplars: true },
        { expr: latency(serverRequests, 0.95, [], chosen), legend: 'p95' },
        { expr: latency(serverRequests, 0.5, [], chosen), legend: 'p50' },
      ],
    }),
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
          thresholds: steps('text', [objectives.errorBudget, 'red']),
        },
        ...([0.5, 0.95, 0.99] as const).map((of) => ({
          expr: latency(serverRequests, of, byRoute, chosen),
          header: `p${of * 100}`,
          unit: 's',
          thresholds: steps('text', [objectives.latencySeconds, 'orange']),
        })),
      ],
      sortBy: 'Requests',
    }),
  ],
}

const byInstance = ['service_instance_id']
const legend = '{{service_instance_id}}'
const links = [
  dashboardLink('Only this replica', 'service', {
    service: placeholder('service'),
    instance: placeholder('__field.labels.service_instance_id'),
  }),
]

/** Replica against replica, always all of them: one that differs is broken, all alike point at something shared. */
export const replicasRow: KitRow = {
  title: 'Replica against replica',
  width: 6,
  panels: [
    timeSeries({
      title: 'Requests by replica',
      description:
        'Requests answered per second. The lines should lie on each other; one at zero gets no traffic.',
      unit: 'reqps',
      links,
      expr: traffic(serverRequests, byInstance, chosenService),
      legend,
    }),
    timeSeries({
      title: 'Errors by replica',
      description: 'Share of requests answered with 5xx.',
      unit: 'percentunit',
      softMax: objectives.errorBudget * 2,
      max: 1,
      links,
      expr: errors(serverRequests, byInstance, chosenService),
      legend,
    }),
    timeSeries({
      title: 'p95 latency by replica',
      description: 'A replica that is slow but answers passes its health check: this is where it shows.',
      unit: 's',
      links,
      expr: latency(serverRequests, 0.95, byInstance, chosenService),
      legend,
      exemplars: true,
    }),
    timeSeries({
      title: 'Requests in flight by replica',
      description:
        'Requests being worked on. By Little’s law traffic times latency; where it grows without end, work comes in faster than it is done.',
      unit: 'short',
      links,
      expr: sumBy(byInstance, select('http_server_active_requests', chosenService)),
      legend,
    }),
  ],
}
