import type { Scalar } from './values.ts'

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

export type Field =
  | { readonly kind: 'attribute'; readonly scope: AttributeScope; readonly name: string }
  | { readonly kind: 'intrinsic'; readonly name: Intrinsic }

/** Literal with the type it was written in: `1s` and `1000000000` are the same value but print differently. */
export type Literal =
  | { readonly kind: 'literal'; readonly type: 'string'; readonly value: string }
  | { readonly kind: 'literal'; readonly type: 'number' | 'duration'; readonly value: number }
  | { readonly kind: 'literal'; readonly type: 'boolean'; readonly value: boolean }
  | { readonly kind: 'literal'; readonly type: 'status' | 'kind'; readonly value: Scalar }

export interface Comparison {
  readonly kind: 'comparison'
  readonly operator: ComparisonOperator
  readonly left: Expression
  readonly right: Expression
}

/** Condition on one span, or one of its parts. */
export type Expression =
  | Literal
  | Field
  | Comparison
  | {
      readonly kind: 'logical'
      readonly operator: '&&' | '||'
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: 'not'; readonly operand: Expression }
  /** `operand != nil`, `operand = nil` */
  | { readonly kind: 'exists' | 'missing'; readonly operand: Expression }

/** Spans of one trace: those a filter lets through, or two sets combined at the level of the trace. */
export type Spanset =
  | { readonly kind: 'filter'; readonly expression: Expression }
  | {
      readonly kind: 'operation'
      readonly operator: '&&' | '||'
      readonly left: Spanset
      readonly right: Spanset
    }
