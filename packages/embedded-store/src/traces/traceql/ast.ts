import { Refusal } from '../../refusal.ts'

export type ComparisonOperator = '=' | '!=' | '<' | '<=' | '>' | '>=' | '=~' | '!~'

/** Intrinsics by their names in queries and in the tags API; the values are their unscoped names where there is one. */
const INTRINSICS = {
  name: 'name',
  status: 'status',
  statusMessage: 'statusMessage',
  kind: 'kind',
  duration: 'duration',
  rootName: 'rootName',
  rootServiceName: 'rootServiceName',
  traceDuration: 'traceDuration',
  'span:name': 'name',
  'span:status': 'status',
  'span:statusMessage': 'statusMessage',
  'span:kind': 'kind',
  'span:duration': 'duration',
  'span:id': 'span:id',
  'span:parentID': 'span:parentID',
  'trace:rootName': 'rootName',
  'trace:rootService': 'rootServiceName',
  'trace:duration': 'traceDuration',
  'trace:id': 'trace:id',
} as const
export type Intrinsic = (typeof INTRINSICS)[keyof typeof INTRINSICS]

const intrinsicByName = new Map<string, Intrinsic>(Object.entries(INTRINSICS))
export const INTRINSIC_NAMES = [...intrinsicByName.keys()]

/** Intrinsic of a name, with or without scope. */
export function intrinsicOf(name: string): Intrinsic | undefined {
  return intrinsicByName.get(name)
}

export type AttributeScope = 'any' | 'span' | 'resource'

export interface AttributeField {
  readonly kind: 'attribute'
  readonly scope: AttributeScope
  readonly name: string
}

export interface IntrinsicField {
  readonly kind: 'intrinsic'
  readonly name: Intrinsic
}

export type Field = AttributeField | IntrinsicField

/**
 * Literal with the type it was written in, as it decides what can be equal to it: an attribute 2 is `2`, not `2.0`, and
 * never `2ns`.
 */
export type Literal =
  | { readonly kind: 'literal'; readonly type: 'string'; readonly value: string }
  | { readonly kind: 'literal'; readonly type: 'integer' | 'double' | 'duration'; readonly value: number }
  | { readonly kind: 'literal'; readonly type: 'boolean'; readonly value: boolean }
  | { readonly kind: 'literal'; readonly type: 'status' | 'kind'; readonly value: Keyword }

interface Comparison {
  readonly kind: 'comparison'
  readonly operator: ComparisonOperator
  readonly left: Field
  readonly right: Literal
}

/** Condition on one span, or one of its parts. */
export type Expression =
  | { readonly kind: 'constant'; readonly value: boolean }
  | Comparison
  | {
      readonly kind: 'logical'
      readonly operator: '&&' | '||'
      readonly left: Expression
      readonly right: Expression
    }
  /** `operand != nil` */
  | { readonly kind: 'exists'; readonly operand: Field }

/** Spans of one trace: those a filter lets through, or two sets combined at the level of the trace. */
export type Spanset =
  | { readonly kind: 'filter'; readonly expression: Expression }
  | {
      readonly kind: 'operation'
      readonly operator: '&&' | '||'
      readonly left: Spanset
      readonly right: Spanset
    }

/** Value of an intrinsic whose literals are words, such as `status = error`. One object for each word. */
export interface Keyword {
  readonly type: 'status' | 'kind'
  readonly word: string
}

/** A floating-point attribute, kept apart from whole numbers as Tempo stores the two in columns of their own. */
interface Double {
  readonly type: 'double'
  readonly value: number
}

export type Scalar = string | number | boolean | Keyword | Double

/** What a field of a span has: nothing, one value or a list. Durations are nanoseconds. */
export type Value = Scalar | readonly Scalar[] | undefined

export function isList(value: Value): value is readonly Scalar[] {
  return Array.isArray(value)
}

function keywords(type: Keyword['type'], words: readonly string[]): readonly Keyword[] {
  return words.map((word) => ({ type, word }))
}

/** By number of OTLP's `Status.StatusCode`. */
export const STATUSES = keywords('status', ['unset', 'ok', 'error'])

/** By number of OTLP's `Span.SpanKind`. */
export const KINDS = keywords('kind', ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'])

/** Keyword of a word in TraceQL; no word is in both lists. */
export function keywordOf(word: string): Keyword | undefined {
  return [...STATUSES, ...KINDS].find((keyword) => keyword.word === word)
}

/** A query that is wrong or beyond the supported subset. The message names the construct and where it stands. */
export class TraceqlError extends Refusal {
  override readonly name = 'TraceqlError'
  /** Column, counted from 1. */
  readonly column: number

  /** Whether the query may be fine, only not here. */
  readonly isUnsupported: boolean

  constructor(what: string, column: number, isUnsupported = false) {
    super(400, `invalid TraceQL query: column ${column}: ${what}`)
    this.column = column
    this.isUnsupported = isUnsupported
  }

  static unsupported(what: string, column: number): TraceqlError {
    return new TraceqlError(`${what} is not supported by the embedded store`, column, true)
  }
}
