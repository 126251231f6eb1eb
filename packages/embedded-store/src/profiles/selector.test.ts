import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Labels, type Matcher, parseSelector, selects } from './selector.ts'

const NAMES = ['a', 'service_name', '__type__']
const matcher: fc.Arbitrary<Matcher> = fc.oneof(
  fc.record({
    name: fc.constantFrom(...NAMES),
    operator: fc.constantFrom('=' as const, '!=' as const),
    value: fc.string({ unit: 'grapheme' }),
  }),
  fc.record({
    name: fc.constantFrom(...NAMES),
    operator: fc.constantFrom('=~' as const, '!~' as const),
    value: fc.constantFrom('', 'a', 'a|b', '.+', '.*c', '[ab]+'),
  }),
)
const matchers = fc.array(matcher, { maxLength: 4 })

test('a printed selector parses to the same matchers', () => {
  fc.assert(
    fc.property(matchers, (list) => {
      const printed = list.map(({ name, operator, value }) => `${name}${operator}${JSON.stringify(value)}`)
      expect(parseSelector(`{${printed.join(', ')}}`)).toEqual(list)
    }),
  )
})

test('labels are selected when every matcher holds, a missing label being empty', () => {
  const labels = fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom('a', 'b', 'abc', 'x'))
  fc.assert(
    fc.property(matchers, labels, (list, values) => {
      const expected = list.every(({ name, operator, value }) => {
        const text = values[name] ?? ''
        const holds = operator.includes('~') ? new RegExp(`^(?:${value})$`).test(text) : text === value
        return holds !== operator.startsWith('!')
      })
      expect(selects(list)(new Labels(Object.entries(values)))).toBe(expected)
    }),
    { numRuns: 1000 },
  )
})

describe('selectors', () => {
  test.each([
    ['{}', []],
    [' { } ', []],
    ['{a="b",}', [{ name: 'a', operator: '=', value: 'b' }]],
    ['{"http.route"=`/v1/{id}`}', [{ name: 'http.route', operator: '=', value: '/v1/{id}' }]],
    [
      '{a!="b", c=~"d|e"}',
      [
        { name: 'a', operator: '!=', value: 'b' },
        { name: 'c', operator: '=~', value: 'd|e' },
      ],
    ],
  ])('%s', (text, expected) => {
    expect(parseSelector(text)).toEqual(expected)
  })

  test.each([
    ['', 'unexpected "end of selector" at position 1, "{" expected'],
    ['a="b"', 'unexpected "a" at position 1, "{" expected'],
    ['{a="b"', 'unexpected "end of selector" at position 7, "}" expected'],
    ['{a~"b"}', 'unexpected "~" at position 3'],
    ['{a=b}', 'unexpected "b" at position 4, quoted value expected'],
    ['{a="b" c="d"}', 'unexpected "c" at position 7'],
    ['{a=~"("}', 'regular expression "("'],
    ['{a="\\x"}', 'invalid escape sequence'],
    ['{} b', 'unexpected "b" at position 3, end of selector expected'],
  ])('%s is refused', (text, message) => {
    expect(() => parseSelector(text)).toThrow(message)
  })
})
