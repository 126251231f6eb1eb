import type { Expression, Field, Literal, Spanset } from './ast.ts'
import { type Test, testOf } from './comparison.ts'

/** What one part of a query asks of a field: to be there, or a value of one type that passes a test. */
export interface FieldCondition {
  readonly field: Field
  readonly asks: 'presence' | { readonly type: Literal['type']; readonly test: Test }
}

/** Everything that a query asks of fields, in the order that it is written. */
export function conditionsOf(spanset: Spanset): FieldCondition[] {
  return spanset.kind === 'filter'
    ? fromExpression(spanset.expression)
    : [...conditionsOf(spanset.left), ...conditionsOf(spanset.right)]
}

function fromExpression(expression: Expression): FieldCondition[] {
  switch (expression.kind) {
    case 'logical':
      return [...fromExpression(expression.left), ...fromExpression(expression.right)]
    case 'exists':
      return [{ field: expression.operand, asks: 'presence' }]
    case 'comparison': {
      const { left, operator, right } = expression
      return [{ field: left, asks: { type: right.type, test: testOf(operator, right) } }]
    }
    case 'constant':
      return []
  }
}
