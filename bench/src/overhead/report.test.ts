import { describe, expect, it } from 'vitest'
import type { Sample } from './measure.ts'
import { overheadTable, type Samples, verdict } from './report.ts'

const SLICES = 40
const STOCKS = { stock: () => 200, 'stock without koa': () => 180 }

/** CPU of each variant in µs a request, in every slice of equal length. */
function samplesOf(cpu: Readonly<Record<string, (slice: number) => number>>): Samples {
  return new Map(
    Object.entries(cpu).map(([name, cpuOf]) => [
      name,
      Array.from({ length: SLICES }, (_, slice): Sample => {
        const cpuMicros = cpuOf(slice)
        return { cpuMicros, throughput: 1e6 / cpuMicros, p50: 5, p99: 20, memoryBytes: 1e8 }
      }),
    ]),
  )
}

describe('verdict', () => {
  it('holds when CPU stays below both gates, and says by how much', () => {
    const { holds, text } = verdict(
      samplesOf({ off: () => 100, 'engine-before': () => 125, faultline: () => 130, ...STOCKS }),
    )
    expect(holds).toBe(true)
    expect(text).toContain('1.04 [1.04, 1.04] of engine-before (gate: upper end at most 1.15: holds)')
    expect(text).toContain('0.30 [0.30, 0.30] of what "stock" adds (gate: at most 0.75: holds)')
    expect(text).toContain('0.77 of that with telemetry off (goal: 0.90: missed)')
  })

  it('misses the gate when only the upper end of the interval is above it', () => {
    const { holds, text } = verdict(
      samplesOf({
        off: () => 100,
        'engine-before': () => 125,
        faultline: (slice) => (slice % 5 < 2 ? 150 : 130),
        ...STOCKS,
      }),
    )
    expect(text).toContain('1.04 [1.04, 1.20] of engine-before (gate: upper end at most 1.15: MISSED)')
    expect(holds).toBe(false)
  })

  it('misses the gate when too much is added beside one of the two stock set-ups', () => {
    const { holds, text } = verdict(
      samplesOf({ off: () => 100, 'engine-before': () => 165, faultline: () => 165, ...STOCKS }),
    )
    expect(text).toContain('0.65 [0.65, 0.65] of what "stock" adds (gate: at most 0.75: holds)')
    expect(text).toContain('0.81 [0.81, 0.81] of what "stock without koa" adds (gate: at most 0.75: MISSED)')
    expect(holds).toBe(false)
  })

  it('says that the engine before could not be measured', () => {
    const samples = samplesOf({ off: () => 100, faultline: () => 130, ...STOCKS })
    expect(verdict(samples).text).toContain('NOT MEASURED')
    expect(overheadTable(samples)).not.toContain('NaN')
  })

  it('is not moved by slices in which everything was slower', () => {
    const slowly = (cpu: number) => (slice: number) => cpu * (1 + (slice % 7))
    const variants = { off: 100, 'engine-before': 125, faultline: 130, stock: 200, 'stock without koa': 180 }
    const steady = Object.fromEntries(Object.entries(variants).map(([name, cpu]) => [name, () => cpu]))
    const slowed = Object.fromEntries(Object.entries(variants).map(([name, cpu]) => [name, slowly(cpu)]))
    expect(verdict(samplesOf(slowed))).toEqual(verdict(samplesOf(steady)))
  })
})
