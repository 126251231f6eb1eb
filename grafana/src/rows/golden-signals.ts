import { quantileOverrides, serviceOverrides } from '../colours.ts'
import { cellToService, toService } from '../links.ts'
import { objectives } from '../objectives.ts'
import { serviceGraph } from '../panels/evidence.ts'
import { type KitRow, steps } from '../panels/panel.ts'
import { table } from '../panels/table.ts'
import { timeSeries } from '../panels/time-series.ts'
import {
  calls,
  edgeRequests,
  errors,
  latency,
  outgoingCalls,
  serverRequests,
  traffic,
  visitors,
} from '../queries/red.ts'

const byProtocol = ['server']

/** What visitors get at the way in: traffic, errors and latency of the edge, in the clear and under TLS. */
export const edgeRow: KitRow = {
  title: 'Edge',
  width: 8,
  panels: [
    timeSeries({
      title: 'Requests at the edge',
      description:
        'Requests answered per second: http is HTTP/1.1 in the clear, https is HTTP/1.1, 2 and 3 under TLS. More than the gateway answers: some do not get through.',
      unit: 'reqps',
      expr: traffic(edgeRequests, byProtocol, visitors),
      legend: '{{server}}',
    }),
    timeSeries({
      title: 'Errors at the edge',
      description:
        'Share of requests answered with 5xx, by the gateway or, where that does not answer, by the edge itself: then it is above the errors of the gateway. The line is the share that the availability objective allows.',
      unit: 'percentunit',
      softMax: objectives.errorBudget * 2,
      max: 1,
      thresholds: steps('transparent', [objectives.errorBudget, 'red']),
      expr: errors(edgeRequests, byProtocol, visitors),
      legend: '{{server}}',
    }),
    timeSeries({
      title: 'Latency at the edge',
      description:
        'Time to answer: solid p99, dashed p95, dotted p50. What it has above the gateway’s is the edge, or a visitor who is slow to read.',
      unit: 's',
      thresholds: steps('transparent', [objectives.latencySeconds, 'red']),
      overrides: quantileOverrides,
      queries: ([0.99, 0.95, 0.5] as const).map((of) => ({
        expr: latency(edgeRequests, of, byProtocol, visitors),
        legend: `{{server}} p${of * 100}`,
      })),
    }),
  ],
}

const byService = ['service_name']

/** Traffic, errors and latency of every service, side by side. */
export const goldenSignalsRow: KitRow = {
  title: 'Golden signals',
  width: 8,
  height: 9,
  panels: [
    timeSeries({
      title: 'Requests',
      description:
        'Requests answered per second. A drop with steady load in front means that callers no longer get through.',
      unit: 'reqps',
      overrides: serviceOverrides,
      links: [toService],
      expr: traffic(serverRequests, byService),
      legend: '{{service_name}}',
    }),
    timeSeries({
      title: 'Errors',
      description:
        'Share of requests answered with 5xx. The line is the share that the availability objective allows. The service deepest in the call chain that has errors is where to look first.',
      unit: 'percentunit',
      softMax: objectives.errorBudget * 2,
      max: 1,
      thresholds: steps('transparent', [objectives.errorBudget, 'red']),
      overrides: serviceOverrides,
      links: [toService],
      expr: errors(serverRequests, byService),
      legend: '{{service_name}}',
    }),
    timeSeries({
      title: 'Latency',
      description:
        'Time to answer: solid p99, dashed p95, dotted p50. The line is the latency objective. Each dot is a request that was kept: it leads to its trace.',
      unit: 's',
      thresholds: steps('transparent', [objectives.latencySeconds, 'red']),
      overrides: [...serviceOverrides, ...quantileOverrides],
      links: [toService],
      queries: [
        { expr: latency(serverRequests, 0.99, byService), legend: '{{service_name}} p99', exemplars: true },
        { expr: latency(serverRequests, 0.95, byService), legend: '{{service_name}} p95' },
        { expr: latency(serverRequests, 0.5, byService), legend: '{{service_name}} p50' },
      ],
    }),
  ],
}

const edge = ['service_name', 'peer_service']

/** Who calls whom, and on which edge it goes wrong. */
export const serviceGraphRow: KitRow = {
  title: 'Who calls whom',
  width: 12,
  height: 10,
  panels: [
    serviceGraph({
      title: 'Service graph',
      description:
        'Services and the calls between them; the ring of a node shows its share of failed requests in red. A click on a node leads to its traces and metrics.',
    }),
    table({
      title: 'Calls between services',
      description:
        'The same graph as numbers, of the last minute. The edge with errors or a high p95 whose callee calls nobody in trouble is the one to follow.',
      labels: [
        { label: 'service_name', header: 'From', link: cellToService },
        { label: 'peer_service', header: 'To', link: cellToService },
      ],
      values: [
        { expr: traffic(outgoingCalls, edge, calls), header: 'Calls', unit: 'reqps' },
        {
          expr: errors(outgoingCalls, edge, calls),
          header: 'Failed',
          unit: 'percentunit',
          thresholds: steps('text', [objectives.errorBudget, 'red']),
        },
        {
          expr: latency(outgoingCalls, 0.95, edge, calls),
          header: 'p95',
          unit: 's',
          thresholds: steps('text', [objectives.latencySeconds, 'orange']),
        },
      ],
      sortBy: 'Calls',
    }),
  ],
}
