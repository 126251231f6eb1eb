import type { KitRow, MayBeEmpty } from '../panels/panel.ts'
import { timeSeries } from '../panels/time-series.ts'
import { rate, select, sumBy } from '../queries/promql.ts'

/** The unit in which the collector counts each signal. */
const signals = {
  metrics: 'metric_points',
  traces: 'spans',
  logs: 'log_records',
  profiles: 'profile_samples',
} as const

type Item = (typeof signals)[keyof typeof signals]

const bySignal = (query: (items: Item) => string, legend = '', mayBeEmpty?: MayBeEmpty) =>
  Object.entries(signals).map(([signal, items]) => ({
    expr: query(items),
    legend: `${signal}${legend}`,
    ...(mayBeEmpty && { mayBeEmpty }),
  }))

const nothingLost = { when: 'healthy', why: 'Nothing was lost' } as const

/** The health of the telemetry pipeline: whether the other panels can be believed. */
export const pipelineRow: KitRow = {
  title: 'Telemetry pipeline',
  width: 6,
  panels: [
    timeSeries({
      title: 'Arriving at the collector',
      description:
        'Items per second that the collector took in, by signal. One signal gone while the services have traffic: its exporter in the service, or its receiver.',
      unit: 'cps',
      queries: bySignal((items) => sumBy([], rate(`otelcol_receiver_accepted_${items}_total`))),
    }),
    timeSeries({
      title: 'Leaving for the backends',
      description:
        'Items per second that a backend has acknowledged. Traces are fewer than arrived, as most are not kept.',
      unit: 'cps',
      queries: bySignal((items) => sumBy([], rate(`otelcol_exporter_sent_${items}_total`))),
    }),
    timeSeries({
      title: 'Waiting on disk',
      description:
        'How full the queue to each backend is. It fills while a backend is away and drains afterwards; what is in it is not lost.',
      unit: 'percentunit',
      softMax: 0.05,
      max: 1,
      expr: `${sumBy(['exporter'], select('otelcol_exporter_queue_size'))} / ${sumBy(['exporter'], select('otelcol_exporter_queue_capacity'))}`,
      legend: '{{exporter}}',
    }),
    timeSeries({
      title: 'Refused or lost',
      description:
        'Items per second that the collector refused (it is over its memory limit, the sender tries again) or could not deliver for good. Also what services had to drop.',
      unit: 'cps',
      queries: [
        {
          expr: sumBy(['signal', 'reason'], rate('telemetry_items_dropped_total')),
          legend: '{{signal}} dropped by a service: {{reason}}',
        },
        ...bySignal((items) => sumBy([], rate(`otelcol_receiver_refused_${items}_total`)), ' refused'),
        ...bySignal(
          (items) => sumBy([], rate(`otelcol_exporter_send_failed_${items}_total`)),
          ' lost',
          nothingLost,
        ),
      ],
    }),
    timeSeries({
      title: 'Kept traces',
      description:
        'Traces per second that the sampler keeps and drops. Kept are the marked share, errors and slow requests.',
      unit: 'cps',
      stacked: true,
      expr: sumBy(['decision'], rate('otelcol_processor_tail_sampling_global_count_traces_sampled_total')),
      legend: '{{decision}}',
    }),
    timeSeries({
      title: 'Scrapes',
      description: '1: the last scrape of the replica worked. 0 means that its panels stand still.',
      unit: 'short',
      max: 1,
      expr: select('up'),
      legend: '{{service_instance_id}}',
    }),
    timeSeries({
      title: 'Collector memory',
      description:
        'Resident memory of the collector. At its limit it refuses, and services hold their telemetry.',
      unit: 'bytes',
      expr: select('otelcol_process_memory_rss'),
      legend: '{{service_instance_id}}',
    }),
    timeSeries({
      title: 'Exports of the services',
      description:
        'Export requests per second of the services, by outcome. Retries mean that the collector does not answer.',
      unit: 'reqps',
      expr: sumBy(['signal', 'outcome'], rate('telemetry_export_batches_total')),
      legend: '{{signal}} {{outcome}}',
    }),
  ],
}
