import { RE2JS } from 're2js'
import {
  type ComparisonOperator,
  type Expression,
  type Field,
  isList,
  type Literal,
  type Scalar,
  TraceqlError,
  type Value,
} from './ast.ts'

type Type = 'any' | 'string' | 'number' | 'boolean' | 'status' | 'kind'

const ORDERED = new Set<Type>(['any', 'string', 'number'])

/** Refuses a comparison that cannot hold for any span, as Tempo's `BinaryOperation.validate`. @throws {TraceqlError} */
export function checkComparison(
  operator: ComparisonOperator,
  left: Field,
  right: Literal,
  column: number,
): void {
  const types = [typeOf(left), typeOf(right)] as const
  const [a, b] = types
  if (a !== 'any' && a !== b) throw new TraceqlError(`"${operator}" compares a ${a} with a ${b}`, column)
  if (operator === '=~' || operator === '!~') checkPattern(operator, a, right, column)
  else if (operator !== '=' && operator !== '!=' && !types.every((type) => ORDERED.has(type))) {
    throw new TraceqlError(`"${operator}" cannot order a ${a === 'any' ? b : a}`, column)
  }
}

function checkPattern(operator: string, left: Type, right: Literal, column: number): void {
  if (right.type !== 'string' || (left !== 'any' && left !== 'string')) {
    throw new TraceqlError(`"${operator}" needs a string on its right and a text field on its left`, column)
  }
  try {
    RE2JS.compile(right.value)
  } catch (error) {
    const cause = error instanceof Error ? error.message : right.value
    throw new TraceqlError(`invalid regular expression: ${cause}`, column)
  }
}

/** What a field or value is to TraceQL before any span is looked at: an attribute may be anything. */
export function typeOf(operand: Field | Literal): Type {
  if (operand.kind === 'attribute') return 'any'
  if (operand.kind === 'literal') {
    const { type } = operand
    return type === 'integer' || type === 'double' || type === 'duration' ? 'number' : type
  }
  if (operand.name === 'status' || operand.name === 'kind') return operand.name
  return operand.name === 'duration' || operand.name === 'traceDuration' ? 'number' : 'string'
}

/** A test of one value, which a value of another type never passes, not even with `!=`. */
export type Test = (value: Scalar) => boolean

export function testOf(operator: ComparisonOperator, right: Literal): Test {
  if (operator === '=~' || operator === '!~') return patternTest(String(right.value), operator === '=~')
  const compare = COMPARE[operator]
  const wanted = right.value
  return (value) => {
    const given = typeof value === 'object' && value.type === 'double' ? value.value : value
    return isSameType(given, wanted) && compare(given, wanted)
  }
}

type Plain = Literal['value']

function isSameType(a: Plain, b: Plain): boolean {
  if (typeof a === 'object' && typeof b === 'object') return a.type === b.type
  return typeof a === typeof b
}

const COMPARE: Readonly<
  Record<Exclude<ComparisonOperator, '=~' | '!~'>, (given: Plain, wanted: Plain) => boolean>
> = {
  '=': (given, wanted) => given === wanted,
  '!=': (given, wanted) => given !== wanted,
  '<': (given, wanted) => given < wanted,
  '<=': (given, wanted) => given <= wanted,
  '>': (given, wanted) => given > wanted,
  '>=': (given, wanted) => given >= wanted,
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

/** Whether a span fulfils a condition, by the values of its fields as they were read for the query. */
export type Condition = (read: (field: Field) => Value) => boolean

/**
 * Turns an expression into a predicate with Tempo's semantics: a comparison of unlike types or with a missing value
 * does not hold, not even `!=`; with a list `=` needs one element that fits, `!=` and `!~` need all that were read.
 */
export function compile(expression: Expression): Condition {
  switch (expression.kind) {
    case 'logical': {
      const left = compile(expression.left)
      const right = compile(expression.right)
      return expression.operator === '&&'
        ? (read) => left(read) && right(read)
        : (read) => left(read) || right(read)
    }
    case 'exists':
      return (read) => read(expression.operand) !== undefined
    case 'comparison': {
      const { left, operator, right } = expression
      const test = testOf(operator, right)
      const needsAll = operator === '!=' || operator === '!~'
      return (read) => {
        const value = read(left)
        if (value === undefined) return false
        if (!isList(value)) return test(value)
        return needsAll ? value.every(test) : value.some(test)
      }
    }
    case 'constant':
      return () => expression.value
  }
}
