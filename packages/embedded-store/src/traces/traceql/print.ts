import type { Expression, Field, Literal, Spanset } from './ast.ts'

/** TraceQL text of a query; parsing it gives the same tree again. */
export function printTraceql(spanset: Spanset): string {
  if (spanset.kind === 'filter') return `{ ${printExpression(spanset.expression)} }`
  return `(${printTraceql(spanset.left)} ${spanset.operator} ${printTraceql(spanset.right)})`
}

function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'constant':
      return String(expression.value)
    case 'exists':
      return `${printField(expression.operand)} != nil`
    case 'comparison':
      return `${printField(expression.left)} ${expression.operator} ${printLiteral(expression.right)}`
    case 'logical':
      return `(${printExpression(expression.left)}) ${expression.operator} (${printExpression(expression.right)})`
  }
}

function printField(field: Field): string {
  if (field.kind === 'intrinsic') return field.name
  return `${field.scope === 'any' ? '' : field.scope}.${printName(field.name)}`
}

function printLiteral(literal: Literal): string {
  switch (literal.type) {
    case 'string':
      return JSON.stringify(literal.value)
    case 'duration':
      return `${literal.value}ns`
    case 'double':
      return Number.isInteger(literal.value) ? `${literal.value}.0` : String(literal.value)
    case 'status':
    case 'kind':
      return literal.value.word
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
