import { objectives } from '../objectives.ts'
import type { KitPanel } from '../panels/panel.ts'
import { type StatOptions, stat } from '../panels/stat.ts'
import { select } from '../queries/promql.ts'
import { errors, latency, serverRequests, traffic } from '../queries/red.ts'
import { uptime } from '../queries/runtime.ts'
import { chosen, chosenService } from '../variables.ts'
import type { KitRow } from './row.ts'
import { budgetRemaining, firingAlerts } from './slo.ts'

const ofService = { service: chosenService.service_name }

const number = (options: Omit<StatOptions, 'width' | 'height'>, expr: string): KitPanel =>
  stat({ ...options, width: 3, height: 5 }, [{ expr, legend: options.title }])

/** The service in six numbers, and what has paged for it. */
export const atAGlanceRow: KitRow = {
  title: 'At a glance',
  panels: [
    number(
      {
        title: 'Requests per second',
        description: 'Requests that the chosen replicas answer.',
        unit: 'reqps',
        thresholds: [[null, 'text']],
      },
      traffic(serverRequests, [], chosen),
    ),
    number(
      {
        title: 'Errors',
        description: 'Share of requests answered with 5xx; red from the share that the objective allows.',
        unit: 'percentunit',
        decimals: 2,
        thresholds: [
          [null, 'green'],
          [objectives.errorBudget, 'red'],
        ],
      },
      errors(serverRequests, [], chosen),
    ),
    number(
      {
        title: 'p99 latency',
        description: '99 % of the requests are quicker; red from the latency objective.',
        unit: 's',
        thresholds: [
          [null, 'green'],
          [objectives.latencySeconds, 'red'],
        ],
      },
      latency(serverRequests, 0.99, [], chosen),
    ),
    number(
      {
        title: 'Replicas up',
        description: 'Replicas whose last scrape worked.',
        unit: 'short',
        thresholds: [
          [null, 'red'],
          [1, 'green'],
        ],
      },
      `sum(${select('up', chosen)})`,
    ),
    number(
      {
        title: 'Youngest replica',
        description:
          'Time since the last start of a replica. A few seconds, again and again, is a crash loop.',
        unit: 's',
        decimals: 0,
        thresholds: [
          [null, 'orange'],
          [60, 'text'],
        ],
      },
      `min(${uptime(chosen)})`,
    ),
    budgetRemaining(3, 5, ofService, {
      when: 'other-service',
      why: 'No objective for this service',
    }),
    firingAlerts(6, 5, ofService),
  ],
}
