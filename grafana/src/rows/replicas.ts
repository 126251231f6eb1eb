import { dashboardLink } from '../links.ts'
import { objectives } from '../objectives.ts'
import { timeSeries } from '../panels/time-series.ts'
import { select, sumBy } from '../queries/promql.ts'
import { errors, latency, serverRequests, traffic } from '../queries/red.ts'
import { chosenService, placeholder } from '../variables.ts'
import type { KitRow } from './row.ts'

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
  panels: [
    timeSeries(
      {
        title: 'Requests by replica',
        description:
          'Requests answered per second. The lines should lie on each other; one at zero gets no traffic.',
        width: 6,
        unit: 'reqps',
        links,
      },
      [{ expr: traffic(serverRequests, byInstance, chosenService), legend }],
    ),
    timeSeries(
      {
        title: 'Errors by replica',
        description: 'Share of requests answered with 5xx.',
        width: 6,
        unit: 'percentunit',
        softMax: objectives.errorBudget * 2,
        max: 1,
        links,
      },
      [{ expr: errors(serverRequests, byInstance, chosenService), legend }],
    ),
    timeSeries(
      {
        title: 'p95 latency by replica',
        description: 'A replica that is slow but answers passes its health check: this is where it shows.',
        width: 6,
        unit: 's',
        links,
      },
      [{ expr: latency(serverRequests, 0.95, byInstance, chosenService), legend, exemplars: true }],
    ),
    timeSeries(
      {
        title: 'Requests in flight by replica',
        description:
          'Requests being worked on. By Little’s law traffic times latency; where it grows without end, work comes in faster than it is done.',
        width: 6,
        unit: 'short',
        links,
      },
      [{ expr: sumBy(byInstance, select('http_server_active_requests', chosenService)), legend }],
    ),
  ],
}
