import { quantileOverrides } from '../colours.ts'
import { objectives } from '../objectives.ts'
import { timeSeries } from '../panels/time-series.ts'
import { edgeRequests, errors, latency, traffic, visitors } from '../queries/red.ts'
import type { KitRow } from './row.ts'

const byProtocol = ['server']

/** What visitors get at the way in: traffic, errors and latency of the edge, in the clear and under TLS. */
export const edgeRow: KitRow = {
  title: 'Edge',
  panels: [
    timeSeries(
      {
        title: 'Requests at the edge',
        description:
          'Requests answered per second: http is HTTP/1.1 in the clear, https is HTTP/1.1, 2 and 3 under TLS. More than the gateway answers: some do not get through.',
        width: 8,
        unit: 'reqps',
      },
      [{ expr: traffic(edgeRequests, byProtocol, visitors), legend: '{{server}}' }],
    ),
    timeSeries(
      {
        title: 'Errors at the edge',
        description:
          'Share of requests answered with 5xx, by the gateway or, where that does not answer, by the edge itself: then it is above the errors of the gateway. The line is the share that the availability objective allows.',
        width: 8,
        unit: 'percentunit',
        softMax: objectives.errorBudget * 2,
        max: 1,
        thresholds: [
          [null, 'transparent'],
          [objectives.errorBudget, 'red'],
        ],
      },
      [{ expr: errors(edgeRequests, byProtocol, visitors), legend: '{{server}}' }],
    ),
    timeSeries(
      {
        title: 'Latency at the edge',
        description:
          'Time to answer: solid p99, dashed p95, dotted p50. What it has above the gateway’s is the edge, or a visitor who is slow to read.',
        width: 8,
        unit: 's',
        thresholds: [
          [null, 'transparent'],
          [objectives.latencySeconds, 'red'],
        ],
        overrides: quantileOverrides,
      },
      ([0.99, 0.95, 0.5] as const).map((of) => ({
        expr: latency(edgeRequests, of, byProtocol, visitors),
        legend: `{{server}} p${of * 100}`,
      })),
    ),
  ],
}
