import fc from 'fast-check'
import type {
  AttributeField,
  ComparisonOperator,
  Expression,
  Field,
  Intrinsic,
  IntrinsicField,
  Literal,
  Spanset,
} from '../../src/traces/traceql/ast.ts'
import { KINDS, STATUSES } from '../../src/traces/traceql/ast.ts'

const EQUALITY: readonly ComparisonOperator[] = ['=', '!=']
const ORDER: readonly ComparisonOperator[] = [...EQUALITY, '<', '<=', '>', '>=']
const PATTERNS = ['a', 'a.*', '.+', '(a|b)b?', '', '[ab]c*']

const attribute = (names: fc.Arbitrary<string>): fc.Arbitrary<AttributeField> =>
  fc.record({
    kind: fc.constant('attribute' as const),
    scope: fc.constantFrom('any' as const, 'span' as const, 'resource' as const),
    name: names,
  })

const intrinsic = (...names: Intrinsic[]): fc.Arbitrary<IntrinsicField> =>
  fc.constantFrom(...names).map((name) => ({ kind: 'intrinsic' as const, name }))

const textLiteral = (texts: fc.Arbitrary<string>): fc.Arbitrary<Literal> =>
  texts.map((value) => ({ kind: 'literal', type: 'string', value }))

/** Whole numbers, durations and floating-point numbers. */
export const numberLiteral: fc.Arbitrary<Literal> = fc.oneof(
  fc
    .tuple(fc.constantFrom('integer' as const, 'duration' as const), fc.integer({ min: -3, max: 6 }))
    .map(([type, value]): Literal => ({ kind: 'literal', type, value })),
  fc.constantFrom(1, 1.5, -2.5).map((value): Literal => ({ kind: 'literal', type: 'double', value })),
)

const booleanLiteral: fc.Arbitrary<Literal> = fc
  .boolean()
  .map((value) => ({ kind: 'literal', type: 'boolean', value }))

const keywordLiteral = (type: 'status' | 'kind'): fc.Arbitrary<Literal> =>
  fc
    .constantFrom(...(type === 'status' ? STATUSES : KINDS))
    .map((value) => ({ kind: 'literal', type, value }))

const compare = (
  left: fc.Arbitrary<Field>,
  operators: readonly ComparisonOperator[],
  right: fc.Arbitrary<Literal>,
): fc.Arbitrary<Expression> =>
  fc.record({
    kind: fc.constant('comparison' as const),
    operator: fc.constantFrom(...operators),
    left,
    right,
  })

export interface QueryDomain {
  /** Attribute names. */
  readonly names: fc.Arbitrary<string>
  /** Texts to compare with. */
  readonly texts: fc.Arbitrary<string>
  /** Numbers to compare attributes with. */
  readonly numbers: fc.Arbitrary<Literal>
}

/** Well-typed queries of the supported subset over small domains, so that conditions hold about as often as not. */
export function queries({ names, texts, numbers }: QueryDomain): fc.Arbitrary<Spanset> {
  const field = attribute(names)
  const text = intrinsic('name', 'statusMessage', 'rootName', 'rootServiceName')
  const number = intrinsic('duration', 'traceDuration')
  const anyField = fc.oneof(field, text, number)
  const leaf = fc.oneof(
    compare(fc.oneof(field, text), ORDER, textLiteral(texts)),
    compare(fc.oneof(field, text), ['=~', '!~'], textLiteral(fc.constantFrom(...PATTERNS))),
    compare(field, ORDER, numbers),
    compare(number, ORDER, numberLiteral),
    compare(field, EQUALITY, booleanLiteral),
    compare(intrinsic('status'), EQUALITY, keywordLiteral('status')),
    compare(intrinsic('kind'), EQUALITY, keywordLiteral('kind')),
    fc.record({ kind: fc.constant('exists' as const), operand: anyField }),
  )
  const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      leaf,
      fc.record({
        kind: fc.constant('logical' as const),
        operator: fc.constantFrom('&&' as const, '||' as const),
        left: tie('expression'),
        right: tie('expression'),
      }),
    ),
  }))
  const { spanset } = fc.letrec<{ spanset: Spanset }>((tie) => ({
    spanset: fc.oneof(
      { maxDepth: 2, withCrossShrink: true },
      fc.record({ kind: fc.constant('filter' as const), expression }),
      fc.record({
        kind: fc.constant('operation' as const),
        operator: fc.constantFrom('&&' as const, '||' as const),
        left: tie('spanset'),
        right: tie('spanset'),
      }),
    ),
  }))
  return spanset
}

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
