import { megabytes, table } from '../results.ts'
import { type Estimate, estimate, median, ratios } from '../stats.ts'
import type { ExemplarCost } from './exemplar-cost.ts'
import type { Sample, Start } from './measure.ts'
import { ENGINE_BEFORE, FAULTLINE, OFF, STOCK, STOCK_WITHOUT_KOA } from './variants.ts'

/** By variant; the same slices for each. */
export type Samples = ReadonlyMap<string, readonly Sample[]>
export type Starts = ReadonlyMap<string, readonly Start[]>

/** CPU per request against the engine before, the upper end of the interval. */
const ENGINE_GATE = 1.15
/** CPU added, as a share of what the stock set-up adds. */
const STOCK_GATE = 0.75
/** Throughput with all signals, as a share of that with telemetry off. */
const THROUGHPUT_GOAL = 0.9

export function overheadTable(samples: Samples): string {
  const off = samplesOf(samples, OFF.name)
  const engine = samples.get(ENGINE_BEFORE)
  const rows = [...samples].map(([name, list]) => [
    name,
    number(estimate(column(list, 'cpuMicros'))),
    engine ? range(against(list, engine, 'cpuMicros')) : '–',
    range(against(list, off, 'cpuMicros')),
    range(against(list, off, 'throughput')),
    median(column(list, 'throughput')).toFixed(0),
    median(column(list, 'p50')).toFixed(0),
    median(column(list, 'p99')).toFixed(0),
  ])
  return table(
    [
      'gateway, `GET /v1/concerts`, 8 KB',
      'CPU µs a request',
      `CPU, ${ENGINE_BEFORE} = 1`,
      `CPU, ${OFF.name} = 1`,
      `throughput, ${OFF.name} = 1`,
      'requests/s',
      'p50 ms',
      'p99 ms',
    ],
    rows,
  )
}

/** What a process needs to start, and how large it is then and under load. */
export function processTable(samples: Samples, starts: Starts): string {
  const rows = [...samples].map(([name, list]) => {
    const started = starts.get(name) ?? []
    return [
      name,
      number(estimate(started.map(({ readyMs }) => readyMs))),
      megabytes(median(started.map(({ memoryBytes }) => memoryBytes))),
      megabytes(median(column(list, 'memoryBytes'))),
    ]
  })
  return table(['gateway', 'ms from spawn to ready', 'MB when ready', 'MB under load'], rows)
}

export function exemplarTable(cost: ExemplarCost): string {
  return table(
    ['a span from start to end, nothing exported', 'ns'],
    [
      ['without metrics', number(cost.without)],
      ['with ExemplarMetricsProcessor', number(cost.with)],
      ['what it adds', number(cost.added)],
    ],
  )
}

/** Holds the result against gates and goal. What could not be measured is said, and breaks no gate. */
export function verdict(samples: Samples): { readonly holds: boolean; readonly text: string } {
  const off = samplesOf(samples, OFF.name)
  const ours = samplesOf(samples, FAULTLINE.name)
  const engine = samples.get(ENGINE_BEFORE)
  const before = engine && against(ours, engine, 'cpuMicros')
  const shares = [STOCK, STOCK_WITHOUT_KOA].map(({ name }) => {
    const share = estimate(ratios(added(ours, off), added(samplesOf(samples, name), off)))
    return { name, share, holds: share.median <= STOCK_GATE }
  })
  const throughput = against(ours, off, 'throughput').median
  const engineHolds = before === undefined || before.high <= ENGINE_GATE
  return {
    holds: engineHolds && shares.every(({ holds }) => holds),
    text: [
      before
        ? `CPU per request is ${range(before)} of ${ENGINE_BEFORE} (gate: upper end at most ${ENGINE_GATE}: ${judge(engineHolds)}).`
        : `CPU per request against ${ENGINE_BEFORE} (gate: at most ${ENGINE_GATE}): NOT MEASURED, as this clone lacks the commit.`,
      ...shares.map(
        ({ name, share, holds }) =>
          `CPU added is ${range(share)} of what "${name}" adds (gate: at most ${STOCK_GATE}: ${judge(holds)}).`,
      ),
      `Throughput is ${throughput.toFixed(2)} of that with telemetry off (goal: ${THROUGHPUT_GOAL.toFixed(2)}: ${throughput >= THROUGHPUT_GOAL ? 'reached' : 'missed'}).`,
    ].join('\n\n'),
  }
}

function judge(holds: boolean): string {
  return holds ? 'holds' : 'MISSED'
}

function column(list: readonly Sample[], key: keyof Sample): number[] {
  return list.map((sample) => sample[key])
}

function against(list: readonly Sample[], baseline: readonly Sample[], key: keyof Sample): Estimate {
  return estimate(ratios(column(list, key), column(baseline, key)))
}

/** CPU in µs a request over that with telemetry off, slice by slice. */
function added(list: readonly Sample[], off: readonly Sample[]): number[] {
  return list.map(({ cpuMicros }, slice) => cpuMicros - (off[slice]?.cpuMicros ?? Number.NaN))
}

function samplesOf(samples: Samples, name: string): readonly Sample[] {
  const list = samples.get(name)
  if (!list) throw new Error(`nothing was measured for "${name}"`)
  return list
}

function range({ median: middle, low, high }: Estimate): string {
  return `${middle.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`
}

function number({ median: middle, low, high }: Estimate): string {
  return `${middle.toFixed(0)} [${low.toFixed(0)}, ${high.toFixed(0)}]`
}
