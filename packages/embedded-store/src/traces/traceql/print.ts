import type { Expression, Spanset } from './ast.ts'

/** TraceQL text of a query; parsing it gives the same tree again. */
export function printTraceql(spanset: Spanset): string {
  if (spanset.kind === 'filter') return `{ ${printExpression(spanset.expression)} }`
  return `(${printTraceql(spanset.left)} ${spanset.operator} ${printTraceql(spanset.right)})`
}

function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'literal':
      return printLiteral(expression)
    case 'attribute':
      return `${expression.scope === 'any' ? '' : expression.scope}.${printName(expression.name)}`
    case 'intrinsic':
      return expression.name
    case 'not':
      return `!(${printExpression(expression.operand)})`
    case 'exists':
      return `(${printExpression(expression.operand)}) != nil`
    case 'missing':
      return `(${printExpression(expression.operand)}) = nil`
    default:
      return `(${printExpression(expression.left)}) ${expression.operator} (${printExpression(expression.right)})`
  }
}

function printLiteral(literal: Extract<Expression, { kind: 'literal' }>): string {
  switch (literal.type) {
    case 'string':
      return JSON.stringify(literal.value)
    case 'duration':
      return `${literal.value}ns`
    case 'status':
    case 'kind':
      return typeof literal.value === 'object' ? literal.value.word : ''
    default:
      return String(literal.value)
  }
}

function printName(name: string): string {
  // A name that begins with a digit is quoted, as `.5` is a number.
  return /^[^\d\s{}()=~!<>&|^,"\\][^\s{}()=~!<>&|^,"\\]*$/.test(name)
    ? name
    : `"${name.replace(/["\\]/g, '\\$&')}"`
}
