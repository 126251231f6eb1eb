import type { ComparisonOperator, Expression } from './ast.ts'
import { TraceqlError } from './error.ts'

type Type = 'any' | 'string' | 'number' | 'boolean' | 'status' | 'kind'

const ORDERED = new Set<Type>(['any', 'string', 'number'])

/** Refuses a comparison that cannot hold for any span, as Tempo's `BinaryOperation.validate`. @throws {TraceqlError} */
export function checkComparison(
  operator: ComparisonOperator,
  left: Expression,
  right: Expression,
  column: number,
): void {
  const types = [typeOf(left), typeOf(right)] as const
  const [a, b] = types
  if (a !== 'any' && b !== 'any' && a !== b) {
    throw new TraceqlError(`"${operator}" compares a ${a} with a ${b}`, column)
  }
  if (operator === '=~' || operator === '!~') {
    if (right.kind !== 'literal' || right.type !== 'string' || (a !== 'any' && a !== 'string')) {
      throw new TraceqlError(`"${operator}" needs a string on its right and a text field on its left`, column)
    }
  } else if (operator !== '=' && operator !== '!=' && !types.every((type) => ORDERED.has(type))) {
    throw new TraceqlError(`"${operator}" cannot order a ${a === 'any' ? b : a}`, column)
  }
}

/** Refuses what is neither true nor false, such as `{ 1 }`. @throws {TraceqlError} */
export function checkCondition(expression: Expression, column: number): void {
  const type = typeOf(expression)
  if (type !== 'any' && type !== 'boolean') {
    throw new TraceqlError(`a condition is expected, this is a ${type}`, column)
  }
}

function typeOf(expression: Expression): Type {
  switch (expression.kind) {
    case 'attribute':
      return 'any'
    case 'literal':
      return expression.type === 'duration' ? 'number' : expression.type
    case 'intrinsic':
      if (expression.name === 'status' || expression.name === 'kind') return expression.name
      return expression.name === 'duration' || expression.name === 'traceDuration' ? 'number' : 'string'
    default:
      return 'boolean'
  }
}
