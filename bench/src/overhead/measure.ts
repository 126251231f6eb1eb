import autocannon from 'autocannon'
import pidusage from 'pidusage'
import { type Addresses, type Gateway, startGateway } from './gateway.ts'
import type { Variant } from './variants.ts'

/** One variant in one slice. */
export interface Sample {
  /** CPU time of the gateway's process per request, in microseconds. */
  readonly cpuMicros: number
  /** Requests per second. */
  readonly throughput: number
  /** Latency in ms, as autocannon saw it at saturation. */
  readonly p50: number
  readonly p99: number
  /** Resident set of the gateway's process after the slice, in bytes. */
  readonly memoryBytes: number
}

/** Enough to keep the gateway's core busy, too few to be shed. */
const CONNECTIONS = 24

/** Share of requests that may fail, such as one that is shed while the machine stalls. */
const TOLERATED_FAILURES = 0.001

/** Loads a gateway for some seconds; before anything is measured, so that the compiler has seen the route. */
export function load({ url }: Gateway, seconds: number): Promise<autocannon.Result> {
  return autocannon({ url, connections: CONNECTIONS, duration: seconds })
}

/**
 * Reads a gateway's CPU time before and after some seconds of load.
 * @throws Error when more requests failed than can be ignored: failures are cheaper than answers
 */
export async function measure(gateway: Gateway, seconds: number): Promise<Sample> {
  const before = await pidusage(gateway.pid)
  const result = await load(gateway, seconds)
  const after = await pidusage(gateway.pid)
  const failures = result.non2xx + result.errors + result.timeouts
  if (failures > result.requests.total * TOLERATED_FAILURES) {
    throw new Error(`${failures} of ${result.requests.total} requests to ${gateway.url} failed`)
  }
  return {
    // User and system time, in ms.
    cpuMicros: ((after.ctime - before.ctime) * 1_000) / result.requests.total,
    throughput: result.requests.total / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
    memoryBytes: after.memory,
  }
}

/** One start of a service. */
export interface Start {
  /** Milliseconds from spawning the process to its first answer that it is ready. */
  readonly readyMs: number
  /** Resident set then, in bytes. */
  readonly memoryBytes: number
}

/** Starts and ends the gateway again and again, all variants in turn. */
export async function measureStarts(
  variants: readonly Variant[],
  addresses: Addresses,
  times: number,
): Promise<Map<string, Start[]>> {
  const starts = new Map<string, Start[]>(variants.map(({ name }) => [name, []]))
  for (let i = 0; i < times; i++) {
    console.log(`start ${i + 1} of ${times}`)
    for (const variant of variants) {
      await using gateway = await startGateway(variant, addresses)
      const { memory } = await pidusage(gateway.pid)
      starts.get(variant.name)?.push({ readyMs: gateway.startMs, memoryBytes: memory })
    }
  }
  return starts
}
