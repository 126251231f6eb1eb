import { quantileOverrides, serviceOverrides } from '../colours.ts'
import { toService } from '../links.ts'
import { objectives } from '../objectives.ts'
import { timeSeries } from '../panels/time-series.ts'
import { errors, latency, serverRequests, traffic } from '../queries/red.ts'
import type { KitRow } from './row.ts'

const byService = ['service_name']

/** Traffic, errors and latency of every service, side by side. */
export const goldenSignalsRow: KitRow = {
  title: 'Golden signals',
  panels: [
    timeSeries(
      {
        title: 'Requests',
        description:
          'Requests answered per second. A drop with steady load in front means that callers no longer get through.',
        width: 8,
        height: 9,
        unit: 'reqps',
        overrides: serviceOverrides,
        links: [toService],
      },
      [{ expr: traffic(serverRequests, byService), legend: '{{service_name}}' }],
    ),
    timeSeries(
      {
        title: 'Errors',
        description:
          'Share of requests answered with 5xx. The line is the share that the availability objective allows. The service deepest in the call chain that has errors is where to look first.',
        width: 8,
        height: 9,
        unit: 'percentunit',
        softMax: objectives.errorBudget * 2,
        max: 1,
        thresholds: [
          [null, 'transparent'],
          [objectives.errorBudget, 'red'],
        ],
        overrides: serviceOverrides,
        links: [toService],
      },
      [{ expr: errors(serverRequests, byService), legend: '{{service_name}}' }],
    ),
    timeSeries(
      {
        title: 'Latency',
        description:
          'Time to answer: solid p99, dashed p95, dotted p50. The line is the latency objective. Each dot is a request that was kept: it leads to its trace.',
        width: 8,
        height: 9,
        unit: 's',
        thresholds: [
          [null, 'transparent'],
          [objectives.latencySeconds, 'red'],
        ],
        overrides: [...serviceOverrides, ...quantileOverrides],
        links: [toService],
      },
      [
        {
          expr: latency(serverRequests, 0.99, byService),
          legend: '{{service_name}} p99',
          exemplars: true,
        },
        { expr: latency(serverRequests, 0.95, byService), legend: '{{service_name}} p95' },
        { expr: latency(serverRequests, 0.5, byService), legend: '{{service_name}} p50' },
      ],
    ),
  ],
}
