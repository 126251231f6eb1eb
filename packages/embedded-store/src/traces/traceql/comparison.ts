import { RE2JS } from 're2js'
import type { ComparisonOperator, Literal } from './ast.ts'
import type { Scalar } from './values.ts'

export type Test = (value: Scalar) => boolean

/** The test that a comparison puts to one value. A value of another type never passes, not even `!=`. */
export function testOf(operator: ComparisonOperator, right: Literal): Test {
  if (operator === '=~' || operator === '!~') return patternTest(String(right.value), operator === '=~')
  const compare = comparator(operator)
  const wanted = right.value
  return (value) => {
    const given = plain(value)
    return isSameType(given, wanted) && compare(given, wanted)
  }
}

type Plain = Literal['value']

function plain(value: Scalar): Plain {
  return typeof value === 'object' && value.type === 'double' ? value.value : value
}

function isSameType(a: Plain, b: Plain): boolean {
  if (typeof a === 'object' && typeof b === 'object') return a.type === b.type
  return typeof a === typeof b
}

function comparator(operator: Exclude<ComparisonOperator, '=~' | '!~'>): (a: Plain, b: Plain) => boolean {
  switch (operator) {
    case '=':
      return (a, b) => a === b
    case '!=':
      return (a, b) => a !== b
    case '<':
      return (a, b) => a < b
    case '<=':
      return (a, b) => a <= b
    case '>':
      return (a, b) => a > b
    case '>=':
      return (a, b) => a >= b
  }
}

/** Distinct texts whose outcome is remembered for one query. */
const MAX_REMEMBERED = 10_000

function patternTest(text: string, wanted: boolean): Test {
  const pattern = RE2JS.compile(text)
  const outcomes = new Map<string, boolean>()
  return (value) => {
    if (typeof value !== 'string') return false
    const known = outcomes.get(value)
    if (known !== undefined) return known === wanted
    const matches = pattern.matches(value)
    if (outcomes.size < MAX_REMEMBERED) outcomes.set(value, matches)
    return matches === wanted
  }
}
