import { type AttributeScope, TraceqlError } from './ast.ts'

export type Token = { readonly column: number; readonly text: string } & (
  | { readonly kind: 'symbol' | 'word' | 'end' }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'integer' | 'double' | 'duration'; readonly value: number }
  | { readonly kind: 'attribute'; readonly scope: AttributeScope; readonly name: string }
)

/** Longest first, so that `!>>` is not read as `!` and `>>`. */
const SYMBOLS = [
  ...['!>>', '!<<', '&>>', '&<<'],
  ...['&&', '||', '!=', '=~', '!~', '>=', '<=', '>>', '<<', '!>', '!<', '&>', '&<', '&~'],
  ...['{', '}', '(', ')', ',', '=', '!', '<', '>', '~', '|', '+', '-', '*', '/', '%', '^'],
]
const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86_400e9,
  w: 7 * 86_400e9,
  y: 365 * 86_400e9,
}
const SPACE = /\s+/y
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y
const DURATION = /(?:\d+\.?\d*(?:ns|us|µs|ms|s|m|h|d|w|y))+/y
const DURATION_PART = /(\d+\.?\d*)(ns|us|µs|ms|s|m|h|d|w|y)/g
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y
const SCOPED_INTRINSIC = /(?:span|trace|event|link|instrumentation):[A-Za-z]*/y
const SCOPE = /(span|resource|parent|event|link|instrumentation)?\./y
/** What ends a name that is not in quotes, see `isAttributeRune` in Tempo's lexer. */
const PLAIN_NAME = /[^\s{}()=~!<>&|^,"]+/y
type Escapes = Readonly<Record<string, string>>
const NAME_ESCAPES: Escapes = { '\\': '\\', '"': '"' }
const STRING_ESCAPES: Escapes = {
  ...NAME_ESCAPES,
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/** Splits a TraceQL query into tokens, as Tempo's lexer does. @throws {TraceqlError} */
export function tokenize(query: string): Token[] {
  const tokens: Token[] = []
  let at = skipSpace(query, 0)
  while (at < query.length) {
    const token =
      readString(query, at) ??
      readNumber(query, at) ??
      readAttribute(query, at) ??
      readWord(query, at) ??
      readSymbol(query, at)
    tokens.push(token)
    at = skipSpace(query, at + token.text.length)
  }
  tokens.push({ kind: 'end', text: 'end of query', column: query.length + 1 })
  return tokens
}

function readSymbol(query: string, at: number): Token {
  const text = SYMBOLS.find((symbol) => query.startsWith(symbol, at))
  if (text === undefined) throw new TraceqlError(`unexpected character "${query[at]}"`, at + 1)
  return { kind: 'symbol', text, column: at + 1 }
}

function readWord(query: string, at: number): Token | undefined {
  const text = match(SCOPED_INTRINSIC, query, at) ?? match(WORD, query, at)
  return text === undefined ? undefined : { kind: 'word', text, column: at + 1 }
}

function readNumber(query: string, at: number): Token | undefined {
  if (!/^\.?\d/.test(query.slice(at, at + 2))) return undefined
  const column = at + 1
  const duration = match(DURATION, query, at)
  if (duration !== undefined) {
    let value = 0
    for (const [, amount, unit = ''] of duration.matchAll(DURATION_PART)) {
      value += Number(amount) * (NANOSECONDS[unit] ?? 0)
    }
    return { kind: 'duration', text: duration, value: Math.round(value), column }
  }
  const text = match(NUMBER, query, at)
  if (text === undefined) return undefined
  const kind = /^\d+$/.test(text) ? 'integer' : 'double'
  return { kind, text, value: Number(text), column }
}

function readAttribute(query: string, at: number): Token | undefined {
  const prefix = match(SCOPE, query, at)
  if (prefix === undefined) return undefined
  const column = at + 1
  const scope = prefix === '.' ? 'any' : prefix.slice(0, -1)
  if (scope !== 'any' && scope !== 'span' && scope !== 'resource') {
    throw TraceqlError.unsupported(`attribute scope "${prefix}"`, column)
  }
  let end = at + prefix.length
  let name = ''
  for (;;) {
    const plain = match(PLAIN_NAME, query, end)
    if (plain !== undefined) {
      name += plain
      end += plain.length
    } else if (query[end] === '"') {
      const quoted = readQuoted(query, end, NAME_ESCAPES)
      name += quoted.value
      end = quoted.end
    } else break
  }
  if (name === '') throw new TraceqlError(`attribute name expected after "${prefix}"`, end + 1)
  return { kind: 'attribute', scope, name, text: query.slice(at, end), column }
}

function readString(query: string, at: number): Token | undefined {
  const column = at + 1
  if (query[at] === '`') {
    const close = query.indexOf('`', at + 1)
    if (close === -1) throw new TraceqlError('string is not closed', column)
    const value = query.slice(at + 1, close)
    return { kind: 'string', value, text: query.slice(at, close + 1), column }
  }
  if (query[at] !== '"') return undefined
  const { value, end } = readQuoted(query, at, STRING_ESCAPES)
  return { kind: 'string', value, text: query.slice(at, end), column }
}

function readQuoted(query: string, open: number, escapes: Escapes): { value: string; end: number } {
  let value = ''
  for (let at = open + 1; at < query.length; at += 1) {
    const character = query[at] ?? ''
    if (character === '"') return { value, end: at + 1 }
    if (character !== '\\') {
      value += character
      continue
    }
    const hex = /^\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))/.exec(query.slice(at, at + 6))
    const replacement = escapes[query[at + 1] ?? '']
    if (replacement !== undefined) {
      value += replacement
      at += 1
    } else if (hex !== null) {
      value += String.fromCharCode(Number.parseInt(hex[1] ?? hex[2] ?? '', 16))
      at += hex[0].length - 1
    } else throw new TraceqlError(`invalid escape sequence "\\${query[at + 1] ?? ''}"`, at + 1)
  }
  throw new TraceqlError('string is not closed', open + 1)
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

function skipSpace(query: string, from: number): number {
  return from + (match(SPACE, query, from)?.length ?? 0)
}
