import { RE2JS } from 're2js'
import type { ComparisonOperator, Field, Literal } from './ast.ts'
import { TraceqlError } from './error.ts'

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
