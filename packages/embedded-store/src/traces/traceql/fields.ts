import type { Expression, Field, Spanset } from './ast.ts'

/** Fields that a query looks at, each once: what a search answers about the spans it found. */
export function fieldsOf(spanset: Spanset): readonly Field[] {
  const fields = new Map<string, Field>()
  visitSpanset(spanset, (field) => fields.set(JSON.stringify(field), field))
  return [...fields.values()]
}

function visitSpanset(spanset: Spanset, visit: (field: Field) => void): void {
  if (spanset.kind === 'filter') visitExpression(spanset.expression, visit)
  else {
    visitSpanset(spanset.left, visit)
    visitSpanset(spanset.right, visit)
  }
}

function visitExpression(expression: Expression, visit: (field: Field) => void): void {
  switch (expression.kind) {
    case 'attribute':
    case 'intrinsic':
      visit(expression)
      break
    case 'literal':
      break
    case 'not':
    case 'exists':
    case 'missing':
      visitExpression(expression.operand, visit)
      break
    default:
      visitExpression(expression.left, visit)
      visitExpression(expression.right, visit)
  }
}
