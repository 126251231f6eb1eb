import { bySeries, dotted, quantileOverrides } from '../colours.ts'
import { toInstance } from '../links.ts'
import { type KitRow, type MayBeEmpty, steps } from '../panels/panel.ts'
import { timeSeries } from '../panels/time-series.ts'
import {
  cpuCores,
  eventLoopDelay,
  eventLoopUtilization,
  gcShare,
  heapRatio,
  heapUsed,
  memory,
  poolUtilization,
} from '../queries/runtime.ts'
import { chosen } from '../variables.ts'

const instance = '{{service_instance_id}}'
/** Of a process whose runtime metrics are prom-client's. */
const notMeasured: MayBeEmpty = {
  when: 'other-service',
  why: 'The runtime metrics of this service do not say it',
}
const nearlyFull = steps('transparent', [0.8, 'red'])

/** Node.js itself: event loop, garbage collection, heap, CPU, memory, by replica. */
export const runtimeRow: KitRow = {
  title: 'Runtime',
  width: 8,
  panels: [
    timeSeries({
      title: 'Event loop utilization',
      description: 'Share of time the event loop was busy. Above 80 % requests queue behind each other.',
      unit: 'percentunit',
      max: 1,
      thresholds: nearlyFull,
      expr: eventLoopUtilization(chosen),
      legend: instance,
    }),
    timeSeries({
      title: 'Event loop delay',
      description:
        'How late the event loop is: solid p99, dotted p50. A p99 far above the p50 is one long piece of work that holds all others up; the flame graph names it.',
      unit: 's',
      overrides: quantileOverrides,
      queries: [
        { expr: eventLoopDelay('p99', chosen), legend: `${instance} p99` },
        { expr: eventLoopDelay('p50', chosen), legend: `${instance} p50` },
      ],
    }),
    timeSeries({
      title: 'Garbage collection',
      description:
        'Share of time spent collecting. Major collections that grow with the heap are the last warning before it is full.',
      unit: 'percentunit',
      softMax: 0.05,
      expr: gcShare(chosen),
      legend: `${instance} {{v8js_gc_type}}`,
      mayBeEmpty: notMeasured,
    }),
    timeSeries({
      title: 'CPU',
      description: 'CPU time per second; 100 % is one core.',
      unit: 'percentunit',
      expr: cpuCores(chosen),
      legend: instance,
    }),
    timeSeries({
      title: 'Memory',
      description:
        'Resident memory (solid) and heap in use (dotted). Resident memory that grows while the heap does not: buffers or native code.',
      unit: 'bytes',
      overrides: [bySeries('heap$', dotted)],
      queries: [
        { expr: memory(chosen), legend: instance },
        { expr: heapUsed(chosen), legend: `${instance} heap` },
      ],
    }),
    timeSeries({
      title: 'Heap in use',
      description:
        'Share of the heap that V8 allows itself. Near 100 % the process collects all the time, then dies.',
      unit: 'percentunit',
      max: 1,
      thresholds: nearlyFull,
      expr: heapRatio(chosen),
      legend: instance,
      mayBeEmpty: notMeasured,
    }),
  ],
}

/** How full every replica is: what runs out first is what limits the throughput. */
export const saturationRow: KitRow = {
  title: 'Saturation',
  width: 6,
  panels: [
    timeSeries({
      title: 'Event loop',
      description:
        'Share of time the event loop was busy. Above 80 % requests begin to queue behind each other, whatever the CPU panel says.',
      unit: 'percentunit',
      links: [toInstance],
      max: 1,
      thresholds: nearlyFull,
      expr: eventLoopUtilization(),
      legend: instance,
    }),
    timeSeries({
      title: 'Database connections',
      description:
        'Share of the pool in use. At 100 % requests wait for a connection: look for slow queries or a lock before making the pool larger.',
      unit: 'percentunit',
      links: [toInstance],
      max: 1,
      thresholds: nearlyFull,
      expr: poolUtilization(),
      legend: instance,
    }),
    timeSeries({
      title: 'CPU',
      description:
        'CPU time per second; 100 % is one core. More than the event loop means garbage collection or threads.',
      unit: 'percentunit',
      links: [toInstance],
      expr: cpuCores(),
      legend: instance,
    }),
    timeSeries({
      title: 'Memory',
      description: 'Resident memory. A line that only ever goes up is a leak.',
      unit: 'bytes',
      links: [toInstance],
      expr: memory(),
      legend: instance,
    }),
  ],
}
