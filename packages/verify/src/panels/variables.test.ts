import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Variable } from './dashboard.ts'
import { choicesOf, parseLabelValues, substitute, type Values } from './variables.ts'

const RATE_INTERVAL_MS = 8_000
const values: Values = new Map([
  ['service', ['catalog']],
  ['instance', ['catalog-1', 'catalog.2']],
  ['everything', ['.*']],
])

function aVariable(fields: Partial<Variable> = {}): Variable {
  const base = { name: 'service', type: 'query', query: '', datasource: 'prometheus', current: [] }
  return { ...base, multi: false, includeAll: false, allValue: undefined, ...fields }
}

const braced = (name: string) => `$\{${name}}`

describe('substitute', () => {
  it.each([
    ['a{b="$service"}', 'a{b="catalog"}'],
    [`a{b="${braced('service')}"}`, 'a{b="catalog"}'],
    ['a{b=~"$instance"}', 'a{b=~"(catalog-1|catalog\\\\.2)"}'],
    ['a{b=~"$everything"}', 'a{b=~".*"}'],
    ['rate(a[$__rate_interval])', 'rate(a[8s])'],
    [`rate(a[${braced('__rate_interval')}])`, 'rate(a[8s])'],
    ['rate({a="b"}[$__auto])', 'rate({a="b"}[8s])'],
    ['label_replace(a, "b", "$1", "c", "(.*)")', 'label_replace(a, "b", "$1", "c", "(.*)")'],
    ['a{b="$unknown"}', 'a{b="$unknown"}'],
  ])('%s', (query, expected) => {
    expect(substitute(query, values, RATE_INTERVAL_MS)).toBe(expected)
  })

  it('escapes so that several values match exactly themselves', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 4 }), (chosen) => {
        const text = substitute('$v', new Map([['v', chosen]]), RATE_INTERVAL_MS)
        // PromQL reads the string's own backslashes first.
        const pattern = new RegExp(`^(?:${text.replaceAll('\\\\', '\\')})$`, 's')
        for (const value of chosen) expect(value).toMatch(pattern)
        expect(`${chosen.join('')}-`).not.toMatch(pattern)
      }),
    )
  })
})

describe('choicesOf', () => {
  it('is each value in turn for a single one and all at once for several', () => {
    expect(choicesOf(aVariable(), ['a', 'b'])).toEqual([['a'], ['b']])
    expect(choicesOf(aVariable({ multi: true }), ['a', 'b'])).toEqual([['a', 'b']])
    expect(choicesOf(aVariable({ includeAll: true, allValue: '.*' }), ['a', 'b'])).toEqual([['.*']])
    expect(choicesOf(aVariable({ includeAll: true }), [])).toEqual([['.*']])
    expect(choicesOf(aVariable(), [])).toEqual([['']])
  })
})

describe('parseLabelValues', () => {
  it.each([
    ['label_values(service_name)', { selector: undefined, label: 'service_name' }],
    ['label_values(up{a="b", c="d"}, service_name)', { selector: 'up{a="b", c="d"}', label: 'service_name' }],
    ['query_result(up)', undefined],
  ])('%s', (query, expected) => {
    expect(parseLabelValues(query)).toEqual(expected)
  })
})
