import { describe, expect, it } from 'vitest'
import { aFinding, NOW_MS } from '../testing/factories.ts'
import type { Check, VerifyReport } from './check.ts'
import { renderReport } from './render.ts'

function aCheck(fields: Partial<Check> = {}): Check {
  const { explainedBy: _, final: __, notApplicable: ___, ...check } = aFinding()
  return { ...check, ...fields }
}

function aReport(fields: Partial<VerifyReport> = {}): VerifyReport {
  return {
    ok: true,
    begin: new Date(NOW_MS).toISOString(),
    durationMs: 21_000,
    requests: { marker: 'verify-0badcafe', sent: 120, answered: 120 },
    services: [{ name: 'gateway', instances: ['gateway-1'] }],
    counts: { passed: 1, failed: 0, skipped: 0 },
    checks: [aCheck({ status: 'pass' })],
    ...fields,
  }
}

const broken = aReport({
  ok: false,
  counts: { passed: 1, failed: 2, skipped: 1 },
  firstBrokenHop: {
    hop: 'loki',
    check: 'reach/loki',
    likelyCause: 'loki does not run',
    nextStep: 'start it',
  },
  services: [{ name: 'catalog', instances: ['catalog-1', 'catalog-2'] }],
  checks: [
    aCheck({ id: 'signal/catalog/metrics', hop: 'metrics', status: 'pass', seen: '12 more requests' }),
    aCheck({ id: 'signal/catalog/logs', hop: 'logs', status: 'fail', consequenceOf: 'reach/loki' }),
    aCheck({
      id: 'reach/loki',
      hop: 'loki',
      status: 'fail',
      query: 'GET http://127.0.0.1:3100/ready',
      expected: 'answers with success',
      seen: 'connect ECONNREFUSED',
      likelyCause: 'loki does not run',
      nextStep: 'faultline logs loki',
    }),
    aCheck({
      id: 'load/k6',
      hop: 'load',
      status: 'skipped',
      likelyCause: 'no load is offered',
      nextStep: 'offer some',
    }),
  ],
})

describe('renderReport', () => {
  it('shows each service and signal at a glance', () => {
    const [header, row] = renderReport(broken).split('\n')
    expect(header).toMatch(/^service +metrics +logs +traces +profiles/)
    expect(row).toMatch(/^catalog ×2 +ok +FAIL +- +-/)
  })

  it('says of the first broken hop what was asked, expected, seen, why and what to do', () => {
    const text = renderReport(broken)
    expect(text).toContain('First broken hop: loki  (reach/loki)')
    expect(text).toMatch(/query +GET http:\/\/127\.0\.0\.1:3100\/ready/)
    expect(text).toMatch(/expected +answers with success/)
    expect(text).toMatch(/seen +connect ECONNREFUSED/)
    expect(text).toMatch(/likely cause +loki does not run/)
    expect(text).toMatch(/next step +faultline logs loki/)
  })

  it('lists consequences under their cause and what does not apply by its reason', () => {
    const text = renderReport(broken)
    expect(text).toContain('signal/catalog/logs: none (after reach/loki)')
    expect(text).toContain('Skipped 1: no load is offered (offer some)')
    expect(text).toContain('not verified: 1 passed, 2 failed, 1 skipped in 21.0 s; 120 requests of its own')
  })

  it('counts the consequences that are too many to list', () => {
    const many = Array.from({ length: 40 }, (_, at) =>
      aCheck({ id: `panel/${at}`, consequenceOf: 'reach/loki' }),
    )
    expect(renderReport({ ...broken, checks: [...broken.checks, ...many] })).toContain('and 29 more')
  })

  it('lists every check when asked to', () => {
    expect(renderReport(broken, { all: true })).toContain('signal/catalog/metrics: 12 more requests')
    expect(renderReport(broken)).not.toContain('12 more requests')
  })

  it('ends with what to bear in mind', () => {
    const text = renderReport({ ...broken, notes: ['Doubt this.'] })
    expect(text).toMatch(/Doubt this\.\n\nnot verified:/)
  })

  it('has colours only when asked to', () => {
    expect(renderReport(broken)).not.toContain('\u001b[')
    expect(renderReport(broken, { colour: true })).toContain('\u001b[')
  })
})
