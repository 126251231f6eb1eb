/** Value of an intrinsic whose literals are words, such as `status = error`. One object for each word. */
export interface Keyword {
  readonly type: 'status' | 'kind'
  readonly word: string
}

/** A floating-point attribute, kept apart from whole numbers as Tempo stores the two in columns of their own. */
export interface Double {
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
