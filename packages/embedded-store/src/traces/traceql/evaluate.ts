import { RE2JS } from 're2js'
import type { Comparison, ComparisonOperator, Expression, Field } from './ast.ts'
import type { Scalar, Value } from './values.ts'

/** One span, as a condition sees it. */
export interface FieldSource {
  value(field: Field): Value
}

export type Condition = (span: FieldSource) => boolean

/**
 * Turns an expression into a predicate with Tempo's semantics: a comparison of unlike types or with a missing value
 * does not hold, not even `!=`; with a list `=` needs one element that fits, `!=` and `!~` need all.
 *
 * Tempo's storage goes further and loses spans that the language selects: those without any attribute that a negation
 * or `= nil` names, and doubles compared with a whole number. They are found here.
 */
export function compile(expression: Expression): Condition {
  switch (expression.kind) {
    case 'logical': {
      const left = compile(expression.left)
      const right = compile(expression.right)
      return expression.operator === '&&'
        ? (span) => left(span) && right(span)
        : (span) => left(span) || right(span)
    }
    case 'not': {
      const operand = compile(expression.operand)
      return (span) => !operand(span)
    }
    case 'exists': {
      const read = reader(expression.operand)
      return (span) => read(span) !== undefined
    }
    case 'missing': {
      const read = reader(expression.operand)
      return (span) => read(span) === undefined
    }
    case 'comparison':
      return compileComparison(expression)
    default: {
      const read = reader(expression)
      return (span) => read(span) === true
    }
  }
}

function reader(expression: Expression): (span: FieldSource) => Value {
  switch (expression.kind) {
    case 'literal':
      return () => expression.value
    case 'attribute':
    case 'intrinsic':
      return (span) => span.value(expression)
    default:
      return compile(expression)
  }
}

function compileComparison({ operator, left, right }: Comparison): Condition {
  const readLeft = reader(left)
  const readRight = reader(right)
  const holds = comparator(operator, right)
  const needsAll = operator === '!=' || operator === '!~'
  return (span) => {
    const a = readLeft(span)
    const b = readRight(span)
    if (a === undefined || b === undefined) return false
    if (isList(a)) {
      if (isList(b)) return false
      return needsAll ? a.every((item) => holds(item, b)) : a.some((item) => holds(item, b))
    }
    if (isList(b)) return needsAll ? b.every((item) => holds(a, item)) : b.some((item) => holds(a, item))
    return holds(a, b)
  }
}

function isList(value: Value): value is readonly Scalar[] {
  return Array.isArray(value)
}

function comparator(operator: ComparisonOperator, right: Expression): (a: Scalar, b: Scalar) => boolean {
  switch (operator) {
    case '=':
      return (a, b) => a === b
    case '!=':
      return (a, b) => sameType(a, b) && a !== b
    case '<':
      return (a, b) => isOrdered(a, b) && a < b
    case '<=':
      return (a, b) => isOrdered(a, b) && a <= b
    case '>':
      return (a, b) => isOrdered(a, b) && a > b
    case '>=':
      return (a, b) => isOrdered(a, b) && a >= b
    default:
      return matcher(right, operator === '=~')
  }
}

/** Distinct texts whose outcome is remembered for one query. */
const MAX_REMEMBERED = 10_000

function matcher(right: Expression, wanted: boolean): (a: Scalar) => boolean {
  const pattern = RE2JS.compile(right.kind === 'literal' ? String(right.value) : '')
  const outcomes = new Map<string, boolean>()
  return (text) => {
    if (typeof text !== 'string') return false
    const known = outcomes.get(text)
    if (known !== undefined) return known === wanted
    const matches = pattern.matches(text)
    if (outcomes.size < MAX_REMEMBERED) outcomes.set(text, matches)
    return matches === wanted
  }
}

function sameType(a: Scalar, b: Scalar): boolean {
  if (typeof a === 'object' && typeof b === 'object') return a.type === b.type
  return typeof a === typeof b
}

function isOrdered(a: Scalar, b: Scalar): boolean {
  return typeof a === typeof b && (typeof a === 'number' || typeof a === 'string')
}
