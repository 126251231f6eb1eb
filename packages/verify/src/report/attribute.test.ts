import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aFinding } from '../testing/factories.ts'
import { attribute, matches } from './attribute.ts'
import { hops } from './check.ts'

describe('attribute', () => {
  it('has no broken hop where all passes', () => {
    const { checks, firstBrokenHop } = attribute([aFinding({ id: 'a', status: 'pass' })])
    expect(firstBrokenHop).toBeUndefined()
    expect(checks).toHaveLength(1)
  })

  it('names the cause at the far end, across what was skipped on the way', () => {
    const { checks, firstBrokenHop } = attribute([
      aFinding({ id: 'panel/1', hop: 'panels', explainedBy: ['signal/*/logs'] }),
      aFinding({ id: 'signal/gateway/logs', hop: 'logs', status: 'skipped', explainedBy: ['reach/loki'] }),
      aFinding({ id: 'reach/loki', hop: 'loki', likelyCause: 'loki does not run', nextStep: 'start it' }),
    ])
    expect(firstBrokenHop).toEqual({
      hop: 'loki',
      check: 'reach/loki',
      likelyCause: 'loki does not run',
      nextStep: 'start it',
    })
    expect(checks.map(({ id, consequenceOf }) => [id, consequenceOf])).toEqual([
      ['panel/1', 'reach/loki'],
      ['signal/gateway/logs', 'reach/loki'],
      ['reach/loki', undefined],
    ])
  })

  it('takes the earliest hop of several causes', () => {
    const { firstBrokenHop } = attribute([
      aFinding({ id: 'rules/evaluated', hop: 'rules' }),
      aFinding({ id: 'link/trace-logs', hop: 'trace → logs' }),
    ])
    expect(firstBrokenHop?.hop).toBe('trace → logs')
  })

  it('does not take a passing check for an explanation', () => {
    const { firstBrokenHop } = attribute([
      aFinding({ id: 'reach/loki', hop: 'loki', status: 'pass' }),
      aFinding({ id: 'signal/gateway/logs', hop: 'logs', explainedBy: ['reach/loki'] }),
    ])
    expect(firstBrokenHop?.hop).toBe('logs')
  })

  it('skips what failed only because something does not apply', () => {
    const { checks, firstBrokenHop } = attribute([
      aFinding({
        id: 'load/k6',
        hop: 'load',
        status: 'skipped',
        notApplicable: true,
        likelyCause: 'no load',
      }),
      aFinding({ id: 'metric/k6_vus', hop: 'metrics', explainedBy: ['load/k6'] }),
      aFinding({ id: 'panel/1', hop: 'panels', explainedBy: ['metric/k6_vus', 'reach/prometheus'] }),
    ])
    expect(firstBrokenHop).toBeUndefined()
    expect(checks.map(({ status, likelyCause }) => [status, likelyCause])).toEqual([
      ['skipped', 'no load'],
      ['skipped', 'no load'],
      ['skipped', 'no load'],
    ])
  })

  it('keeps a failure that has a real cause beside what does not apply', () => {
    const { checks } = attribute([
      aFinding({ id: 'load/k6', hop: 'load', status: 'skipped', notApplicable: true }),
      aFinding({ id: 'reach/prometheus', hop: 'prometheus' }),
      aFinding({ id: 'metric/k6_vus', hop: 'metrics', explainedBy: ['load/k6', 'reach/*'] }),
    ])
    expect(checks[2]).toMatchObject({ status: 'fail', consequenceOf: 'reach/prometheus' })
  })

  it('takes the earliest of failures that explain each other', () => {
    const { checks, firstBrokenHop } = attribute([
      aFinding({ id: 'link/trace-logs', hop: 'trace → logs', explainedBy: ['signal/gateway/logs'] }),
      aFinding({ id: 'signal/gateway/logs', hop: 'logs', explainedBy: ['link/trace-logs'] }),
    ])
    expect(firstBrokenHop?.check).toBe('signal/gateway/logs')
    expect(checks[0]?.consequenceOf).toBe('signal/gateway/logs')
  })

  it('gives every failure exactly one root, whatever explains what', () => {
    const ids = ['a/1', 'a/2', 'b/1', 'b/2', 'c']
    const findings = fc
      .uniqueArray(
        fc.record({
          id: fc.constantFrom(...ids),
          hop: fc.constantFrom(...hops),
          status: fc.constantFrom('pass', 'fail', 'skipped'),
          explainedBy: fc.array(fc.constantFrom(...ids, 'a/*', '*')),
        }),
        { selector: ({ id }) => id },
      )
      .map((all) => all.map((one) => aFinding(one)))
    fc.assert(
      fc.property(findings, (all) => {
        const { checks, firstBrokenHop } = attribute(all)
        const failed = checks.filter(({ status }) => status === 'fail')
        const roots = failed.filter(({ consequenceOf }) => consequenceOf === undefined).map(({ id }) => id)
        expect(firstBrokenHop === undefined).toBe(failed.length === 0)
        for (const { consequenceOf } of checks)
          if (consequenceOf !== undefined) expect(roots).toContain(consequenceOf)
        if (firstBrokenHop !== undefined) expect(roots).toContain(firstBrokenHop.check)
      }),
    )
  })
})

describe('matches', () => {
  it.each([
    ['reach/loki', 'reach/loki', true],
    ['reach/loki-2', 'reach/loki', false],
    ['reach/loki', 'reach/*', true],
    ['signal/gateway/logs', 'signal/*/logs', true],
    ['signal/gateway/logs/extra', 'signal/*/logs', false],
    ['signal/logs', 'signal/*/logs', false],
    ['anything', '*', true],
  ])('%s by %s: %s', (id, pattern, expected) => {
    expect(matches(id, pattern)).toBe(expected)
  })
})
