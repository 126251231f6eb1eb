import { describe, expect, it } from 'vitest'
import { anEntry, aService, aTrace, aVector, someLines, unreachable } from '../testing/factories.ts'
import { judgeLogs } from './logs.ts'
import { judgeMetrics } from './metrics.ts'
import { judgeProfiles } from './profiles.ts'
import { judgeSpans, judgeTraces } from './traces.ts'

const catalog = aService()
const replica = (instance: string) => ({ service_name: 'catalog', service_instance_id: instance })
const both = (first: number, second: number) =>
  aVector([replica('catalog-1'), first], [replica('catalog-2'), second])

describe('judgeMetrics', () => {
  const evidence = {
    before: { value: both(100, 100) },
    now: { value: both(106, 105) },
    any: { value: both(50, 50) },
  }

  it('passes where every replica counts and the counts rise with verify’s own requests', () => {
    expect(judgeMetrics(catalog, evidence)).toMatchObject({
      id: 'signal/catalog/metrics',
      status: 'pass',
    })
  })

  it('fails where counts rise by less', () => {
    const finding = judgeMetrics(catalog, { ...evidence, now: { value: both(101, 100) } })
    expect(finding).toMatchObject({ status: 'fail', seen: expect.stringContaining('1 more requests') })
  })

  it('names the replica that is missing, and is explained by one that is down', () => {
    const now = { value: aVector([replica('catalog-1'), 200]) }
    const any = { value: aVector([replica('catalog-1'), 50]) }
    const finding = judgeMetrics(catalog, { ...evidence, now, any })
    expect(finding).toMatchObject({
      status: 'fail',
      seen: 'no sample at all of catalog-2 since verify began',
    })
    expect(finding.explainedBy).toContain('replica/catalog/*')
  })

  it('counts a restarted replica from 0', () => {
    const afterRestart = judgeMetrics(catalog, { ...evidence, now: { value: both(4, 107) } })
    expect(afterRestart).toMatchObject({ status: 'pass', seen: expect.stringContaining('11 more requests') })
  })

  it('tells a renamed metric from silence', () => {
    const now = { value: aVector() }
    expect(judgeMetrics(catalog, { ...evidence, now }).likelyCause).toMatch(/renamed or dropped/)
    const any = { value: aVector() }
    expect(judgeMetrics(catalog, { ...evidence, now, any })).toMatchObject({
      seen: 'no sample at all of catalog since verify began',
    })
  })

  it('does not fail an idle service that verify’s requests did not reach', () => {
    const idle = aService({ ownServerSpans: 0 })
    expect(judgeMetrics(idle, { ...evidence, now: evidence.before }).status).toBe('pass')
  })

  it('points to Prometheus where it cannot be asked', () => {
    const finding = judgeMetrics(catalog, { ...evidence, any: unreachable('prometheus') })
    expect(finding).toMatchObject({ status: 'fail', explainedBy: ['reach/prometheus'] })
  })
})

describe('judgeLogs', () => {
  const line = (instance: string) =>
    anEntry({
      labels: { service_name: 'catalog' },
      metadata: { trace_id: 'a', service_instance_id: instance },
    })
  const untraced = anEntry({ metadata: { request_id: 'verify-1' } })

  it('wants lines of every replica', () => {
    const own = someLines(line('catalog-1'), line('catalog-2'))
    expect(judgeLogs(catalog, { query: 'q', own, any: own }).status).toBe('pass')
    const half = judgeLogs(catalog, { query: 'q', own: someLines(line('catalog-1')), any: own })
    expect(half).toMatchObject({ status: 'fail', seen: '1 lines, none of catalog-2' })
  })

  it('leaves it to the next hop where no line has a trace id', () => {
    const evidence = { query: 'q', own: someLines(), any: someLines(untraced) }
    expect(judgeLogs(catalog, evidence).status).toBe('pass')
  })

  it('fails without a line, and says whether others arrive', () => {
    expect(judgeLogs(catalog, { query: 'q', own: someLines(), any: someLines() })).toMatchObject({
      status: 'fail',
      seen: 'no line since verify began',
    })
    const others = { query: 'q', own: someLines(), any: someLines(line('catalog-1')) }
    expect(judgeLogs(catalog, others).seen).toMatch(/none of verify’s own/)
  })

  it('points to Loki where it cannot be asked', () => {
    const evidence = { query: 'q', own: unreachable('loki'), any: someLines() }
    expect(judgeLogs(catalog, evidence)).toMatchObject({ status: 'fail', explainedBy: ['reach/loki'] })
  })
})

describe('judgeTraces', () => {
  const whole = aTrace(['gateway', 'gateway-1'], ['catalog', 'catalog-1'], ['catalog', 'catalog-2'])
  const evidence = {
    followed: ['a'],
    stored: { value: [whole] },
    others: { value: [] },
    spansAtCollector: 30,
  }

  it('wants every trace stored and spans of every replica', () => {
    expect(judgeTraces(catalog, evidence).status).toBe('pass')
    const half = aTrace(['gateway', 'gateway-1'], ['catalog', 'catalog-1'])
    const finding = judgeTraces(catalog, { ...evidence, stored: { value: [half] } })
    expect(finding).toMatchObject({ status: 'fail', seen: 'no span of catalog-2' })
    expect(judgeTraces(catalog, { ...evidence, followed: ['a', 'b'] }).seen).toBe('1 of 2 traces not stored')
  })

  it('blames the sampler where spans reached the collector', () => {
    const finding = judgeTraces(catalog, { ...evidence, stored: { value: [] } })
    expect(finding.likelyCause).toMatch(/sampler drops/)
    expect(finding.explainedBy).toContain('exemplars/stored')
  })

  it('leaves it to the check of the spans where none did', () => {
    const finding = judgeTraces(catalog, { ...evidence, stored: { value: [] }, spansAtCollector: 0 })
    expect(finding.explainedBy).toContain('signal/catalog/spans')
    expect(finding.explainedBy).not.toContain('exemplars/stored')
  })

  it('says what can be said where it is not known', () => {
    const evidenceOfNothing = { ...evidence, stored: { value: [] }, spansAtCollector: undefined }
    expect(judgeTraces(catalog, evidenceOfNothing).likelyCause).toMatch(/no trace arrives/)
  })
})

describe('judgeSpans', () => {
  it('passes once the collector has counted more, and blames the service where it has not', () => {
    expect(judgeSpans(catalog, { value: 3 }).status).toBe('pass')
    const none = judgeSpans(catalog, { value: 0 })
    expect(none).toMatchObject({ status: 'fail' })
    expect(none.likelyCause).toMatch(/no span of catalog reaches the collector/)
  })

  it('explains nothing where it is not known', () => {
    expect(judgeSpans(catalog, { value: undefined })).toMatchObject({ status: 'skipped' })
    expect(judgeSpans(catalog, unreachable('prometheus'))).toMatchObject({
      status: 'fail',
      explainedBy: expect.arrayContaining(['reach/prometheus']),
    })
  })
})

describe('judgeProfiles', () => {
  const evidence = (inAll: number, first: number, second: number) => ({
    inAll: { value: inAll },
    byInstance: new Map([
      ['catalog-1', { value: first }],
      ['catalog-2', { value: second }],
    ]),
  })

  it('wants samples of every replica', () => {
    const finding = judgeProfiles(catalog, evidence(3e7, 1e7, 2e7))
    expect(finding).toMatchObject({ status: 'pass', seen: '30 ms of CPU in samples' })
    expect(judgeProfiles(catalog, evidence(1e7, 1e7, 0))).toMatchObject({
      status: 'fail',
      seen: 'no sample of catalog-2 since verify began',
    })
  })

  it('takes profiles that do not say their replica for those of all', () => {
    expect(judgeProfiles(catalog, evidence(1e7, 0, 0)).status).toBe('pass')
  })

  it('fails without samples, and where Pyroscope cannot be asked', () => {
    expect(judgeProfiles(catalog, evidence(0, 0, 0))).toMatchObject({
      status: 'fail',
      seen: 'no sample of catalog since verify began',
    })
    const error = { inAll: unreachable('pyroscope'), byInstance: new Map() }
    expect(judgeProfiles(catalog, error).explainedBy).toEqual(['reach/pyroscope'])
  })
})
