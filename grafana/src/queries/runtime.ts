/**
 * How full a Node.js process is. Metrics are named by the semantic conventions; where a process has none of those, what
 * prom-client's default metrics call the same answers (and for CPU, memory and start time any Prometheus client's).
 */
import { instanceLabels } from '../generated/signals.ts'
import { type Matchers, maxBy, rate, select, sumBy } from './promql.ts'

/** Share of time the event loop was busy, 0 to 1: the saturation of a process whose JavaScript runs on one thread. */
export const eventLoopUtilization = (matchers?: Matchers): string =>
  maxBy(instanceLabels, select('nodejs_eventloop_utilization', matchers))

const or = (named: string, otherwise: string): string => `${named} or ${otherwise}`

/**
 * How late the event loop is, in seconds, by quantile. prom-client's has the time between two looks in it, 10 ms.
 */
export const eventLoopDelay = (quantile: 'p50' | 'p99', matchers?: Matchers): string =>
  or(
    select(`nodejs_eventloop_delay_${quantile}_seconds`, matchers),
    select(`nodejs_eventloop_lag_${quantile}_seconds`, matchers),
  )

/** Cores that the process uses, 1 being one core. */
export const cpuCores = (matchers?: Matchers): string =>
  or(
    sumBy(instanceLabels, rate('process_cpu_time_seconds_total', matchers)),
    sumBy(instanceLabels, rate('process_cpu_seconds_total', matchers)),
  )

/** Resident memory in bytes. */
export const memory = (matchers?: Matchers): string =>
  or(
    maxBy(instanceLabels, select('process_memory_usage_bytes', matchers)),
    maxBy(instanceLabels, select('process_resident_memory_bytes', matchers)),
  )

/** Seconds since the process started. */
export const uptime = (matchers?: Matchers): string =>
  `(${or(select('process_uptime_seconds', matchers), `time() - ${select('process_start_time_seconds', matchers)}`)})`

const heapUsedOfSpaces = (matchers?: Matchers): string =>
  sumBy(instanceLabels, select('v8js_memory_heap_used_bytes', matchers))

/** Heap in use, in bytes. */
export const heapUsed = (matchers?: Matchers): string =>
  or(heapUsedOfSpaces(matchers), maxBy(instanceLabels, select('nodejs_heap_size_used_bytes', matchers)))

/** Share of the heap that V8 may use, 0 to 1; near 1 the process spends its time collecting, then dies. */
export const heapRatio = (matchers?: Matchers): string =>
  `${heapUsedOfSpaces(matchers)} / ${maxBy(instanceLabels, select('v8js_memory_heap_limit_bytes', matchers))}`

/** Share of time spent collecting garbage, 0 to 1, by kind of collection. */
export const gcShare = (matchers?: Matchers): string =>
  sumBy([...instanceLabels, 'v8js_gc_type'], rate('v8js_gc_duration_seconds_sum', matchers))

const poolLabels = [...instanceLabels, 'db_client_connection_pool_name']

/** Share of a pool's connections that are in use, 0 to 1. */
export function poolUtilization(matchers: Matchers = {}): string {
  const used = select('db_client_connection_count', { ...matchers, db_client_connection_state: '="used"' })
  return `${sumBy(poolLabels, used)} / ${sumBy(poolLabels, select('db_client_connection_max', matchers))}`
}
