import {
  constants,
  monitorEventLoopDelay,
  type PerformanceEntry,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks'
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'
import { Counter, Gauge, Histogram } from 'prom-client'
import { oncePerRegistry } from './registry.ts'
import type { OpenMetricsRegistry } from './span-metric.ts'

/** Milliseconds between two looks at the event loop's delay; finer costs more wake-ups. */
const DELAY_RESOLUTION_MS = 20

const UTILIZATION = 'nodejs_eventloop_utilization'

const GC_TYPES: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
}

/**
 * Event loop, garbage collection, heap, CPU and memory, named by
 * https://opentelemetry.io/docs/specs/semconv/runtime/nodejs-metrics/ and `process.*`. May be called again
 * once the observers of the call before have been stopped.
 * @returns stops the observers
 */
export function registerRuntimeMetrics(register: OpenMetricsRegistry): () => void {
  const { delay, collections } = observersOf(register)
  // What comes first would be the time since the observers were stopped.
  delay.reset()
  delay.enable()
  collections.observe({ entryTypes: ['gc'] })
  return () => {
    delay.disable()
    collections.disconnect()
  }
}

/** Metrics are registered once; their observers are stopped and started with the telemetry. */
const observersOf = oncePerRegistry(UTILIZATION, (register) => {
  const delay = registerEventLoop(register)
  const collections = registerGarbageCollection(register)
  registerHeap(register)
  registerProcess(register)
  return { delay, collections }
})

function gauge(register: OpenMetricsRegistry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [register],
    collect() {
      this.set(read())
    },
  })
}

function registerEventLoop(register: OpenMetricsRegistry): ReturnType<typeof monitorEventLoopDelay> {
  let last = performance.eventLoopUtilization()
  gauge(register, UTILIZATION, 'Share of time the event loop was busy since the last scrape', () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, last)
    last = now
    return utilization
  })

  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS })
  // The monitor counts from one timer to the next; what passes the resolution is the delay. NaN while empty.
  const seconds = (nanos: number): number =>
    Number.isNaN(nanos) ? 0 : Math.max(0, nanos / 1e9 - DELAY_RESOLUTION_MS / 1e3)
  const prefix = 'nodejs_eventloop_delay'
  gauge(register, `${prefix}_mean_seconds`, 'Event loop mean delay since the last scrape', () =>
    seconds(delay.mean),
  )
  gauge(register, `${prefix}_p50_seconds`, 'Event loop 50th percentile delay since the last scrape', () =>
    seconds(delay.percentile(50)),
  )
  gauge(register, `${prefix}_p90_seconds`, 'Event loop 90th percentile delay since the last scrape', () =>
    seconds(delay.percentile(90)),
  )
  gauge(register, `${prefix}_p99_seconds`, 'Event loop 99th percentile delay since the last scrape', () =>
    seconds(delay.percentile(99)),
  )
  // Registered last, read last: the next scrape's window starts here.
  gauge(register, `${prefix}_max_seconds`, 'Event loop maximum delay since the last scrape', () => {
    const max = delay.count === 0 ? 0 : seconds(delay.max)
    delay.reset()
    return max
  })
  return delay
}

function registerGarbageCollection(register: OpenMetricsRegistry): PerformanceObserver {
  const duration = new Histogram({
    name: 'v8js_gc_duration_seconds',
    help: 'Garbage collection duration',
    labelNames: ['v8js_gc_type'],
    buckets: [0.01, 0.1, 1, 10],
    registers: [register],
  })
  for (const type of Object.values(GC_TYPES)) duration.zero({ v8js_gc_type: type })
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail } = entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } }
      duration.observe({ v8js_gc_type: GC_TYPES[detail?.kind ?? -1] ?? 'unknown' }, entry.duration / 1e3)
    }
  })
  return observer
}

function registerHeap(register: OpenMetricsRegistry): void {
  new Gauge({
    name: 'v8js_memory_heap_used_bytes',
    help: 'Heap memory in use, by space',
    labelNames: ['v8js_heap_space_name'],
    registers: [register],
    collect() {
      for (const space of getHeapSpaceStatistics()) {
        this.set({ v8js_heap_space_name: space.space_name }, space.space_used_size)
      }
    },
  })
  gauge(
    register,
    'v8js_memory_heap_limit_bytes',
    'Heap size at which V8 gives up',
    () => getHeapStatistics().heap_size_limit,
  )
}

function registerProcess(register: OpenMetricsRegistry): void {
  const last = { user: 0, system: 0 }
  new Counter({
    name: 'process_cpu_time_seconds',
    help: 'CPU time of the process',
    labelNames: ['cpu_mode'],
    registers: [register],
    collect() {
      const { user, system } = process.cpuUsage()
      this.inc({ cpu_mode: 'user' }, (user - last.user) / 1e6)
      this.inc({ cpu_mode: 'system' }, (system - last.system) / 1e6)
      Object.assign(last, { user, system })
    },
  })
  gauge(register, 'process_memory_usage_bytes', 'Physical memory in use', () => process.memoryUsage.rss())
  gauge(register, 'process_uptime_seconds', 'Time the process has been running', () => process.uptime())
}
