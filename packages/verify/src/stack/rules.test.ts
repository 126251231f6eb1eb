import type { Rule } from '@faultline/backends-client'
import { describe, expect, it } from 'vitest'
import { anAlert, aRule, NOW_MS, unreachable } from '../testing/factories.ts'
import { judgeRules } from './rules.ts'

const judge = (...rules: readonly Rule[]) => judgeRules({ value: rules }, NOW_MS)

describe('judgeRules', () => {
  it('passes where all are evaluated', () => {
    expect(judge(aRule(), anAlert()).map(({ status }) => status)).toEqual(['pass', 'pass'])
  })

  it('fails where none, or only one kind, is loaded', () => {
    expect(judge()[0]?.status).toBe('fail')
    expect(judge(aRule())).toMatchObject([
      { status: 'fail', seen: '1 recording, 0 alerting' },
      { status: 'skipped' },
    ])
  })

  it('names a rule that fails, with its expression and the reason', () => {
    const failing = aRule({ name: 'a:b', health: 'err', lastError: 'many-to-many', query: 'a + b' })
    expect(judge(failing, anAlert())[1]).toMatchObject({
      status: 'fail',
      query: 'a + b',
      seen: expect.stringContaining('a:b in group slo: many-to-many'),
    })
  })

  it('names a rule that was not evaluated lately, or never', () => {
    expect(judge(aRule(), anAlert({ lastEvaluationMs: NOW_MS - 60_000 }))[1]?.seen).toMatch(/60 s ago/)
    expect(judge(aRule(), anAlert({ lastEvaluationMs: undefined }))[1]?.seen).toMatch(/never/)
  })

  it('points to Prometheus where it cannot be asked', () => {
    const findings = judgeRules(unreachable('prometheus'), NOW_MS)
    expect(findings.map(({ explainedBy }) => explainedBy)).toEqual([
      ['reach/prometheus'],
      ['reach/prometheus'],
    ])
  })
})
