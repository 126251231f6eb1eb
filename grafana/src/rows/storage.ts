import { byName, cacheOverrides, limitOverride } from '../colours.ts'
import type { KitRow, MayBeEmpty } from '../panels/panel.ts'
import { timeSeries } from '../panels/time-series.ts'
import { quantile, rate, select, shareOf, sumBy } from '../queries/promql.ts'
import { databaseOperations, latency, traffic } from '../queries/red.ts'
import { chosen } from '../variables.ts'

const noDatabase: MayBeEmpty = { when: 'other-service', why: 'This service has no database' }
const noCache: MayBeEmpty = { when: 'other-service', why: 'This service has no cache' }

const byOperation = ['db_operation_name', 'db_collection_name']
const operation = '{{db_operation_name}} {{db_collection_name}}'

/** The database as the service sees it, and the pool in front of it. */
export const databaseRow: KitRow = {
  title: 'Database',
  width: 6,
  panels: [
    timeSeries({
      title: 'Operations',
      description:
        'Operations per second by table. Rising while requests do not: one query per item, or a cold cache.',
      unit: 'ops',
      expr: traffic(databaseOperations, byOperation, chosen),
      legend: operation,
      mayBeEmpty: noDatabase,
    }),
    timeSeries({
      title: 'p95 duration of operations',
      description:
        'One table alone: a missing index or a lock. All of them: the database or the way to it. Dots lead to traces.',
      unit: 's',
      expr: latency(databaseOperations, 0.95, byOperation, chosen),
      legend: operation,
      exemplars: true,
      mayBeEmpty: noDatabase,
    }),
    timeSeries({
      title: 'Connections',
      description: 'Connections of the pool by state, requests that wait for one, and how many there may be.',
      unit: 'short',
      overrides: [limitOverride],
      mayBeEmpty: noDatabase,
      queries: [
        {
          expr: sumBy(['db_client_connection_state'], select('db_client_connection_count', chosen)),
          legend: '{{db_client_connection_state}}',
        },
        { expr: sumBy([], select('db_client_connection_pending_requests', chosen)), legend: 'waiting' },
        { expr: sumBy([], select('db_client_connection_max', chosen)), legend: 'limit' },
      ],
    }),
    timeSeries({
      title: 'Wait for a connection',
      description:
        'How long requests wait for a connection (p95), and how many give up per second. Above zero the pool is what limits the service.',
      unit: 's',
      softMax: 0.01,
      overrides: [
        byName('given up', { id: 'unit', value: 'reqps' }, { id: 'custom.axisPlacement', value: 'right' }),
      ],
      mayBeEmpty: noDatabase,
      queries: [
        {
          expr: quantile(0.95, 'db_client_connection_wait_time_seconds', ['service_instance_id'], chosen),
          legend: '{{service_instance_id}}',
        },
        { expr: sumBy([], rate('db_client_connection_timeouts_total', chosen)), legend: 'given up' },
      ],
    }),
  ],
}

/** What the cache keeps away from the database. */
export const cacheRow: KitRow = {
  title: 'Cache',
  width: 8,
  panels: [
    timeSeries({
      title: 'Look-ups',
      description:
        'Look-ups per second by result. Stale: answered at once from an old entry while it is being renewed.',
      unit: 'ops',
      stacked: true,
      overrides: cacheOverrides,
      expr: sumBy(['cache_level', 'cache_result'], rate('cache_requests_total', chosen)),
      legend: '{{cache_level}} {{cache_result}}',
      mayBeEmpty: noCache,
    }),
    timeSeries({
      title: 'Answered from the cache',
      description:
        'Share of look-ups that were hits or stale, by cache. A fall is a restart, a wave of expiry, or keys that no longer repeat.',
      unit: 'percentunit',
      max: 1,
      expr: shareOf(
        'cache_requests_total',
        { label: 'cache_result', inside: '!="miss"', outside: '="miss"' },
        ['cache_name', 'cache_level'],
        chosen,
      ),
      legend: '{{cache_name}} {{cache_level}}',
      mayBeEmpty: noCache,
    }),
    timeSeries({
      title: 'Invalidations',
      description: 'Entries dropped per second because what they hold has changed.',
      unit: 'ops',
      softMax: 1,
      expr: sumBy(['cache_name'], rate('cache_invalidations_total', chosen)),
      legend: '{{cache_name}}',
      mayBeEmpty: noCache,
    }),
  ],
}
