import { median, medianRatio } from '../stats.ts'
import type { Sample } from './round.ts'
import { ALL_ON, BASELINE, STOCK } from './variants.ts'

export type Samples = ReadonlyMap<string, readonly Sample[]>

/** All signals may add this share of the CPU that the stock set-up adds. */
const GATE = 0.5
/** Throughput with all signals, as a share of that with telemetry off. */
const GOAL = 0.9

export function overheadTable(samples: Samples): string {
  const baseline = samplesOf(samples, BASELINE.name)
  const rows = [...samples].map(([name, list]) => [
    name,
    median(list.map(({ cpuMicros }) => cpuMicros)).toFixed(0),
    `×${ratio(list, baseline, 'cpuMicros').toFixed(2)}`,
    median(list.map(({ throughput }) => throughput)).toFixed(0),
    ratio(list, baseline, 'throughput').toFixed(2),
    median(list.map(({ p50 }) => p50)).toFixed(0),
    median(list.map(({ p99 }) => p99)).toFixed(0),
  ])
  return [
    '| gateway, `GET /v1/concerts`, 8 KB | CPU µs a request | ratio | requests/s | ratio | p50 ms | p99 ms |',
    '|---|--:|--:|--:|--:|--:|--:|',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n')
}

/** Holds the result against gate and goal. */
export function verdict(samples: Samples): { readonly holds: boolean; readonly text: string } {
  const baseline = samplesOf(samples, BASELINE.name)
  const allOn = samplesOf(samples, ALL_ON.name)
  const stock = samplesOf(samples, STOCK.name)
  const added = (list: readonly Sample[]) =>
    list.map(({ cpuMicros }, round) => cpuMicros - (baseline[round]?.cpuMicros ?? Number.NaN))
  const share = median(added(allOn)) / median(added(stock))
  const throughput = ratio(allOn, baseline, 'throughput')
  const holds = share <= GATE
  return {
    holds,
    text: [
      `All four signals add ${(share * 100).toFixed(0)} % of the CPU that the stock set-up adds (gate: at most ${GATE * 100} %: ${holds ? 'holds' : 'BROKEN'}).`,
      `Throughput is ${throughput.toFixed(2)} of that with telemetry off (goal: ${GOAL.toFixed(2)}: ${throughput >= GOAL ? 'reached' : 'missed'}).`,
    ].join('\n'),
  }
}

function ratio(list: readonly Sample[], baseline: readonly Sample[], key: keyof Sample): number {
  return medianRatio(
    list.map((sample) => sample[key]),
    baseline.map((sample) => sample[key]),
  )
}

function samplesOf(samples: Samples, name: string): readonly Sample[] {
  const list = samples.get(name)
  if (!list) throw new Error(`nothing was measured for "${name}"`)
  return list
}
