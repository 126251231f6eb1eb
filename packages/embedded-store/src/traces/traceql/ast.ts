import type { Keyword } from './values.ts'

export type ComparisonOperator = '=' | '!=' | '<' | '<=' | '>' | '>=' | '=~' | '!~'

/** Intrinsics by their unscoped name where TraceQL has one. */
export type Intrinsic =
  | 'name'
  | 'status'
  | 'statusMessage'
  | 'kind'
  | 'duration'
  | 'rootName'
  | 'rootServiceName'
  | 'traceDuration'
  | 'trace:id'
  | 'span:id'
  | 'span:parentID'

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

export interface Comparison {
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
