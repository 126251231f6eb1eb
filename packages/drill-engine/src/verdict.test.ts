import { describe, expect, it } from 'vitest'
import { failuresOf, type Judged } from './verdict.ts'

const page = { alert: 'SlowBurn', severity: 'page', service: 'catalog', summary: 'burns', firedAtMs: 25_000 }

/** A drill in which every claim held. */
const passed: Judged = {
  drill: 'a-drill',
  title: 'A drill',
  control: false,
  startedAt: '2026-11-25T04:00:00.000Z',
  phases: [
    { name: 'baseline', startMs: 10_000, endMs: 20_000 },
    { name: 'fault', startMs: 20_000, endMs: 40_000 },
  ],
  page,
  alerts: [page],
  timeToPageSeconds: 60,
  budget: { used: 0.01, peakBurnRate: 10 },
  servedBefore: 0.99,
  evidence: [],
  cause: {
    traceId: 'a',
    spanId: 'b',
    service: 'catalog',
    span: 'SELECT',
    times: 1,
    share: 0.9,
    statement: 'SELECT 1',
  },
  redHerrings: [],
  blastRadius: [],
  recovery: { kind: 'returns', ok: true, seconds: 3, alertsResolved: true },
  cure: { ok: true, errorRatio: 0, budget: 0.01, paged: false },
  load: { planned: 10, offered: 10, share: 1 },
}

const firedAt = (firedAtMs: number) => ({ alerts: [{ ...page, alert: 'Early', firedAtMs }, page] })

describe('failuresOf', () => {
  it('finds none where every claim held', () => {
    expect(failuresOf(passed, 0.99)).toEqual([])
  })

  it.each<[string, Partial<Judged>, RegExp]>([
    ['a kit that was bad before the fault', { servedBefore: 0.98 }, /less than 99 % of the load was served/],
    ['no word of what was served before', { servedBefore: undefined }, /less than 99 %/],
    ['a page in the baseline', firedAt(12_000), /Early paged before the fault/],
    ['no page', { page: undefined }, /no page arrived/],
    ['a page that comes late', { timeToPageSeconds: 60.1 }, /more than 60 s/],
    ['an objective that held anyway', { budget: { used: 0, peakBurnRate: 0 } }, /did not harm the objective/],
    ['no word of the objective', { budget: { used: undefined, peakBurnRate: undefined } }, /did not harm/],
    ['no cause', { cause: undefined }, /no stored trace/],
    [
      'no recovery',
      { recovery: { kind: 'returns', ok: false, seconds: 90, alertsResolved: false } },
      /recover/,
    ],
    [
      'a cure that does not hold',
      { cure: { ok: false, errorRatio: 0.5, budget: 0.01, paged: true } },
      /protection/,
    ],
  ])('names %s', (_what, change, failure) => {
    expect(failuresOf({ ...passed, ...change }, 0.99)).toEqual([expect.stringMatching(failure)])
  })

  it('does not hold against the kit what the first requests of all set off before the baseline', () => {
    expect(failuresOf({ ...passed, ...firedAt(9_000) }, 0.99)).toEqual([])
  })
})
