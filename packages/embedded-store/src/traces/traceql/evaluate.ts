import type { Expression, Field } from './ast.ts'
import { testOf } from './comparison.ts'
import { isList, type Value } from './values.ts'

/** Values of one span's fields as they were read for the query. */
export type ReadValues = (field: Field) => Value

export type Condition = (read: ReadValues) => boolean

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
