import { toInstance } from '../links.ts'
import { type TimeSeriesOptions, timeSeries } from '../panels/time-series.ts'
import type { Matchers } from '../queries/promql.ts'
import { cpuCores, eventLoopUtilization, memory, poolUtilization } from '../queries/runtime.ts'
import type { KitRow } from './row.ts'

const legend = '{{service_instance_id}}'
const nearlyFull = [
  [null, 'transparent'],
  [0.8, 'red'],
] as const

const options = (text: Pick<TimeSeriesOptions, 'title' | 'description' | 'unit'>): TimeSeriesOptions => ({
  ...text,
  width: 6,
  links: [toInstance],
})

/** How full every replica is: what runs out first is what limits the throughput. */
export const saturationRow = (matchers?: Matchers): KitRow => ({
  title: 'Saturation',
  panels: [
    timeSeries(
      {
        ...options({
          title: 'Event loop',
          description:
            'Share of time the event loop was busy. Above 80 % requests begin to queue behind each other, whatever the CPU panel says.',
          unit: 'percentunit',
        }),
        max: 1,
        thresholds: nearlyFull,
      },
      [{ expr: eventLoopUtilization(matchers), legend }],
    ),
    timeSeries(
      {
        ...options({
          title: 'Database connections',
          description:
            'Share of the pool in use. At 100 % requests wait for a connection: look for slow queries or a lock before making the pool larger.',
          unit: 'percentunit',
        }),
        max: 1,
        thresholds: nearlyFull,
      },
      [{ expr: poolUtilization(matchers), legend }],
    ),
    timeSeries(
      options({
        title: 'CPU',
        description:
          'CPU time per second; 100 % is one core. More than the event loop means garbage collection or threads.',
        unit: 'percentunit',
      }),
      [{ expr: cpuCores(matchers), legend }],
    ),
    timeSeries(
      options({
        title: 'Memory',
        description: 'Resident memory. A line that only ever goes up is a leak.',
        unit: 'bytes',
      }),
      [{ expr: memory(matchers), legend }],
    ),
  ],
})
