import { describe, expect, it } from 'vitest'
import { type Probe, type ProbeLimits, runProbe } from './probe.ts'
import { aFinding } from './testing/factories.ts'

const limits = (ms: number, options: Partial<ProbeLimits> = {}): ProbeLimits => ({
  deadlineMs: Date.now() + ms,
  tooLate: AbortSignal.timeout(ms),
  signal: new AbortController().signal,
  hopeless: new Set(),
  ...options,
})
const aProbe = (observe: Probe['observe']): Probe => ({ name: 'logs', hop: 'logs', intervalMs: 1, observe })

describe('runProbe', () => {
  it('asks until every finding passes', async () => {
    let asked = 0
    const probe = aProbe(async () => [aFinding({ status: ++asked < 5 ? 'fail' : 'pass' })])
    await expect(runProbe(probe, limits(10_000))).resolves.toMatchObject([{ status: 'pass' }])
    expect(asked).toBe(5)
  })

  it('takes no finding for "not yet"', async () => {
    let asked = 0
    const probe = aProbe(async () => (++asked < 3 ? [] : [aFinding({ status: 'pass' })]))
    await expect(runProbe(probe, limits(10_000))).resolves.toHaveLength(1)
  })

  it.each([
    ['is final', aFinding({ final: true })],
    ['is explained by what failed for good', aFinding({ explainedBy: ['reach/*'] })],
  ])('stops at a failure that %s', async (_, finding) => {
    let asked = 0
    const probe = aProbe(async () => {
      asked++
      return [finding]
    })
    await expect(
      runProbe(probe, limits(10_000, { hopeless: new Set(['reach/loki']) })),
    ).resolves.toHaveLength(1)
    expect(asked).toBe(1)
  })

  it('stops when what has not come does not come any more, but not before it has a finding', async () => {
    let asked = 0
    const probe = aProbe(async () => (++asked < 3 ? [] : [aFinding()]))
    const late = { ...probe, late: () => true }
    await expect(runProbe(late, limits(10_000))).resolves.toMatchObject([{ status: 'fail' }])
    expect(asked).toBe(3)
  })

  it('keeps the last findings at the deadline', async () => {
    const probe = aProbe(async () => [aFinding({ seen: 'still nothing' })])
    await expect(runProbe(probe, limits(20))).resolves.toMatchObject([{ seen: 'still nothing' }])
  })

  it('reports a probe that had no answer by its deadline', async () => {
    const hurried = limits(10)
    const { tooLate } = hurried
    const stuck = aProbe(
      () => new Promise((_, reject) => tooLate.addEventListener('abort', () => reject(tooLate.reason))),
    )
    await expect(runProbe(stuck, hurried)).resolves.toMatchObject([
      { id: 'probe/logs', hop: 'logs', status: 'fail', seen: 'none before the deadline' },
    ])
  })

  it('ends with the signal of verify itself, and with an error that is nobody’s answer', async () => {
    const stop = new AbortController()
    const running = runProbe(
      aProbe(async () => []),
      limits(10_000, { signal: stop.signal }),
    )
    stop.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    const broken = aProbe(() => Promise.reject(new TypeError('a mistake')))
    await expect(runProbe(broken, limits(10_000))).rejects.toThrow('a mistake')
  })
})
