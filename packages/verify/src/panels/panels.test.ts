import { describe, expect, it } from 'vitest'
import { aTarget, aVector, unreachable } from '../testing/factories.ts'
import type { EmptyIsHealthy } from './expectations.ts'
import { judgeExpectations } from './expectations.ts'
import { judgePanel, type Tried } from './panels.ts'
import { seriesWithData } from './run-target.ts'

const gave = (service: string, series: number): Tried => ({
  values: new Map([['service', [service]]]),
  result: { value: { query: 'q', series } },
})
const evidence = {
  target: aTarget(),
  mayBeEmpty: undefined,
  metrics: ['http_server_request_duration_seconds'],
}
const mayBeEmpty = (when: EmptyIsHealthy['when']): EmptyIsHealthy => {
  return { dashboardUid: 'overview', panelId: 4, refId: 'A', when, why: 'no errors' }
}

describe('judgePanel', () => {
  it('wants data for every choice of the variables', () => {
    expect(judgePanel({ ...evidence, tried: [gave('catalog', 2), gave('gateway', 1)] }).status).toBe('pass')
    const half = judgePanel({ ...evidence, tried: [gave('catalog', 2), gave('gateway', 0)] })
    expect(half).toMatchObject({ status: 'fail', seen: '2 (service=catalog), 0 (service=gateway) series' })
  })

  it('fails when it was never asked', () => {
    expect(judgePanel({ ...evidence, tried: [] }).status).toBe('fail')
  })

  it('is content with one choice where others may be empty, and with none where all may', () => {
    const tried = [gave('catalog', 2), gave('gateway', 0)]
    const none = [gave('catalog', 0), gave('gateway', 0)]
    expect(judgePanel({ ...evidence, mayBeEmpty: mayBeEmpty('other-service'), tried }).status).toBe('pass')
    expect(judgePanel({ ...evidence, mayBeEmpty: mayBeEmpty('other-service'), tried: none }).status).toBe(
      'fail',
    )
    expect(judgePanel({ ...evidence, mayBeEmpty: mayBeEmpty('healthy'), tried: none }).status).toBe('pass')
  })

  it('fails on an error even where empty is healthy', () => {
    const tried = [{ values: new Map(), result: unreachable('prometheus') }]
    const finding = judgePanel({ ...evidence, mayBeEmpty: mayBeEmpty('healthy'), tried })
    expect(finding).toMatchObject({ status: 'fail', seen: expect.stringContaining('ECONNREFUSED') })
    expect(finding.explainedBy).toContain('reach/prometheus')
  })

  it('names a query that reads no data', () => {
    const tried = [
      { values: new Map(), result: { value: { query: 'vector(1)', series: 0, problem: 'reads no data' } } },
    ]
    expect(judgePanel({ ...evidence, tried })).toMatchObject({ status: 'fail', seen: 'reads no data' })
  })

  it('is explained by the metrics that its query reads', () => {
    const { explainedBy } = judgePanel({ ...evidence, tried: [gave('catalog', 0)] })
    expect(explainedBy).toContain('metric/http_server_request_duration_seconds')
  })
})

describe('seriesWithData', () => {
  it('does not count NaN', () => {
    expect(seriesWithData(aVector([{}, Number.NaN], [{}, 0], [{}, Number.POSITIVE_INFINITY]))).toBe(2)
  })
})

describe('judgeExpectations', () => {
  it('fails for an entry that names no target', () => {
    const stale = { ...mayBeEmpty('healthy'), panelId: 99 }
    expect(judgeExpectations([aTarget()], [mayBeEmpty('healthy')]).status).toBe('pass')
    expect(judgeExpectations([aTarget()], [stale])).toMatchObject({
      status: 'fail',
      seen: 'no such target: overview/99/A',
    })
  })
})
