import { cellToService } from '../links.ts'
import { objectives } from '../objectives.ts'
import { serviceGraph } from '../panels/node-graph.ts'
import { table } from '../panels/table.ts'
import { calls, errors, latency, outgoingCalls, traffic } from '../queries/red.ts'
import type { KitRow } from './row.ts'

const edge = ['service_name', 'peer_service']

/** Who calls whom, and on which edge it goes wrong. */
export const serviceGraphRow: KitRow = {
  title: 'Who calls whom',
  panels: [
    serviceGraph({
      title: 'Service graph',
      description:
        'Services and the calls between them; the ring of a node shows its share of failed requests in red. A click on a node leads to its traces and metrics.',
      width: 12,
      height: 10,
    }),
    table({
      title: 'Calls between services',
      description:
        'The same graph as numbers, of the last minute. The edge with errors or a high p95 whose callee calls nobody in trouble is the one to follow.',
      width: 12,
      height: 10,
      labels: [
        { label: 'service_name', header: 'From', link: cellToService },
        { label: 'peer_service', header: 'To', link: cellToService },
      ],
      values: [
        {
          expr: traffic(outgoingCalls, edge, calls),
          header: 'Calls',
          unit: 'reqps',
        },
        {
          expr: errors(outgoingCalls, edge, calls),
          header: 'Failed',
          unit: 'percentunit',
          thresholds: [
            [null, 'text'],
            [objectives.errorBudget, 'red'],
          ],
        },
        {
          expr: latency(outgoingCalls, 0.95, edge, calls),
          header: 'p95',
          unit: 's',
          thresholds: [
            [null, 'text'],
            [objectives.latencySeconds, 'orange'],
          ],
        },
      ],
      sortBy: 'Calls',
    }),
  ],
}
