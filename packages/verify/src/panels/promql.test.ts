import { parser } from '@prometheus-io/lezer-promql'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { metricNames, onlyDataSince } from './promql.ts'

const SINCE_MS = 20_000

/** Position of the first place that is not PromQL. */
function syntaxErrorIn(promql: string): number | undefined {
  let at: number | undefined
  parser.parse(promql).iterate({
    enter: ({ type, from }) => {
      if (type.isError) at ??= from
    },
  })
  return at
}

describe('onlyDataSince', () => {
  it.each([
    ['rate(a[5m])', 'rate(a[20000ms])'],
    ['rate(a[10s])', 'rate(a[10s])'],
    ['sum by (b) (rate(a{c="d"}[1h30m] offset 1m))', 'sum by (b) (rate(a{c="d"}[20000ms] offset 1m))'],
    ['max_over_time(rate(a[1m])[1h:1m])', 'max_over_time(rate(a[20000ms])[20000ms:2000ms])'],
    ['rate(a[300])', 'rate(a[20000ms])'],
  ])('cuts windows: %s', (promql, expected) => {
    expect(onlyDataSince(promql, SINCE_MS)).toBe(expected)
  })

  it.each([
    ['sum(rate(a[8s])) or vector(0)', 'sum(rate(a[8s]))'],
    ['sum(a) or on() vector(0)', 'sum(a)'],
    ['vector(0) or sum(a)', 'sum(a)'],
    ['clamp_min((sum(a) or vector(0)), 0)', 'clamp_min((sum(a)), 0)'],
    ['sum(a) or absent(a)', 'sum(a)'],
    ['sum(a) or vector(0) or vector(1)', 'sum(a)'],
    ['(sum(rate(a[5m])) or vector(0)) / (sum(b) or vector(1))', '(sum(rate(a[20000ms]))) / (sum(b))'],
  ])('takes constant fall-backs away: %s', (promql, expected) => {
    expect(onlyDataSince(promql, SINCE_MS)).toBe(expected)
  })

  it.each(['a or b', 'sum(a) or sum(b)', 'a unless b', 'a and vector(1)'])(
    'keeps operands that read data: %s',
    (promql) => {
      expect(onlyDataSince(promql, SINCE_MS)).toBe(promql)
    },
  )

  it.each(['vector(1)', 'time()', '1 + 1', 'absent(a)', 'vector(0) or vector(1)'])(
    'refuses what reads none: %s',
    (promql) => {
      expect(onlyDataSince(promql, SINCE_MS)).toBeUndefined()
    },
  )

  it('gives valid PromQL that reads the same metrics, for any nesting', () => {
    const { expression } = fc.letrec<{ expression: string }>((tie) => ({
      expression: fc.oneof(
        { maxDepth: 4, depthSize: 'small' },
        fc.constantFrom('a', 'b{c="d"}', 'rate(a[5m])', 'rate(b[3s])', 'vector(0)'),
        fc.tuple(tie('expression'), tie('expression')).map(([left, right]) => `(${left} or ${right})`),
        fc.tuple(tie('expression'), tie('expression')).map(([left, right]) => `(${left} / on (x) ${right})`),
        tie('expression').map((inner) => `sum by (x) (${inner})`),
        tie('expression').map((inner) => `max_over_time((${inner})[10m:1m])`),
      ),
    }))
    fc.assert(
      fc.property(expression, (promql) => {
        const rewritten = onlyDataSince(promql, SINCE_MS)
        const names = metricNames(promql)
        expect(rewritten === undefined).toBe(names.length === 0)
        if (rewritten === undefined) return
        expect(syntaxErrorIn(rewritten)).toBeUndefined()
        expect(metricNames(rewritten).sort()).toEqual(names.sort())
        expect(rewritten).not.toMatch(/\[\d+m[\]:]/)
        expect(onlyDataSince(rewritten, SINCE_MS)).toBe(rewritten)
      }),
    )
  })
})

describe('metricNames', () => {
  it.each([
    ['sum(rate(a_total{b="c"}[5m])) / slo:x:y', ['a_total', 'slo:x:y']],
    ['{__name__="a"}', ['a']],
    ['{__name__=~"a.+"}', []],
    ['ALERTS{alertstate="firing"} or a', ['a']],
  ])('of %s', (promql, names) => {
    expect(metricNames(promql)).toEqual(names)
  })
})
