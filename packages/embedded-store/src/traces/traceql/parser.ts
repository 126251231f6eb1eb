import { RE2JS } from 're2js'
import type { ComparisonOperator, Expression, Intrinsic, Spanset } from './ast.ts'
import { TraceqlError } from './error.ts'
import { type Token, tokenize } from './lexer.ts'
import { checkComparison, checkCondition } from './types.ts'
import { keywordOf } from './values.ts'

const COMPARISONS = new Set<string>(['=', '!=', '<', '<=', '>', '>=', '=~', '!~'])
const ARITHMETIC = new Set(['+', '-', '*', '/', '%', '^'])
const STRUCTURAL = new Set('>> << > < ~ !>> !<< !> !< !~ &>> &<< &> &< &~'.split(' '))
const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
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
}

/** Intrinsic of a name in TraceQL or the tags API, with or without scope. */
export function intrinsicOf(name: string): Intrinsic | undefined {
  return INTRINSICS[name]
}

/**
 * Parses the supported subset of TraceQL: spanset filters of comparisons with `&&`, `||`, `!` and parentheses, and
 * spansets combined with `&&` and `||`. As in Tempo's grammar `&&` and `||` bind equally strongly, from the left.
 *
 * @throws {TraceqlError} naming what is wrong or not supported, and its column
 */
export function parseTraceql(query: string): Spanset {
  return new Parser(tokenize(query)).parse()
}

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  parse(): Spanset {
    const spanset = this.#spanset()
    const rest = this.#peek()
    if (rest.text === '|') {
      throw TraceqlError.unsupported(`pipeline "| ${this.#tokens[this.#at + 1]?.text ?? ''}"`, rest.column)
    }
    if (rest.text === 'with') throw TraceqlError.unsupported('query hint "with"', rest.column)
    if (STRUCTURAL.has(rest.text)) {
      throw TraceqlError.unsupported(`structural operator "${rest.text}"`, rest.column)
    }
    if (rest.kind !== 'end') throw this.#unexpected('end of query')
    return spanset
  }

  #spanset(): Spanset {
    let left = this.#spansetOperand()
    for (let operator = this.#takeLogical(); operator !== undefined; operator = this.#takeLogical()) {
      left = { kind: 'operation', operator, left, right: this.#spansetOperand() }
    }
    return left
  }

  #spansetOperand(): Spanset {
    if (this.#take('(')) {
      const inner = this.#spanset()
      const next = this.#peek()
      if (next.text === '|') throw TraceqlError.unsupported('pipeline inside parentheses', next.column)
      if (STRUCTURAL.has(next.text)) {
        throw TraceqlError.unsupported(`structural operator "${next.text}"`, next.column)
      }
      this.#expect(')')
      return inner
    }
    const open = this.#peek()
    if (open.kind === 'word') throw TraceqlError.unsupported(`"${open.text}" outside of braces`, open.column)
    this.#expect('{')
    if (this.#take('}'))
      return { kind: 'filter', expression: { kind: 'literal', type: 'boolean', value: true } }
    const start = this.#peek()
    const expression = this.#expression()
    this.#expect('}')
    checkCondition(expression, start.column)
    return { kind: 'filter', expression }
  }

  #expression(): Expression {
    const start = this.#peek().column
    let left = this.#comparison()
    for (let operator = this.#takeLogical(); operator !== undefined; operator = this.#takeLogical()) {
      checkCondition(left, start)
      const column = this.#peek().column
      const right = this.#comparison()
      checkCondition(right, column)
      left = { kind: 'logical', operator, left, right }
    }
    return left
  }

  #comparison(): Expression {
    let left = this.#unary()
    for (;;) {
      const token = this.#peek()
      if (token.kind === 'symbol' && ARITHMETIC.has(token.text)) {
        throw TraceqlError.unsupported(`arithmetic operator "${token.text}"`, token.column)
      }
      if (token.kind !== 'symbol' || !COMPARISONS.has(token.text)) return left
      this.#at += 1
      left = this.#compared(left, token.text as ComparisonOperator, token.column)
    }
  }

  #compared(left: Expression, operator: ComparisonOperator, column: number): Expression {
    if (this.#peek().text === 'nil') {
      this.#at += 1
      if (operator !== '=' && operator !== '!=')
        throw new TraceqlError(`nil cannot be compared with "${operator}"`, column)
      if (operator === '=' && left.kind === 'intrinsic') {
        throw new TraceqlError(`${left.name} cannot be nil, intrinsics are always there`, column)
      }
      return { kind: operator === '=' ? 'missing' : 'exists', operand: left }
    }
    const right = this.#unary()
    checkComparison(operator, left, right, column)
    if ((operator === '=~' || operator === '!~') && right.kind === 'literal') {
      checkPattern(String(right.value), column)
    }
    return { kind: 'comparison', operator, left, right }
  }

  #unary(): Expression {
    if (this.#take('!')) {
      const { column } = this.#peek()
      const operand = this.#unary()
      checkCondition(operand, column)
      return { kind: 'not', operand }
    }
    return this.#primary()
  }

  #primary(): Expression {
    if (this.#take('(')) {
      const inner = this.#expression()
      this.#expect(')')
      return inner
    }
    const token = this.#next()
    switch (token.kind) {
      case 'string':
        return { kind: 'literal', type: 'string', value: token.value }
      case 'number':
      case 'duration':
        return { kind: 'literal', type: token.kind, value: token.value }
      case 'attribute':
        return { kind: 'attribute', scope: token.scope, name: token.name }
      case 'word':
        return this.#word(token)
      default:
        return this.#negative(token)
    }
  }

  #negative(minus: Token): Expression {
    if (minus.text !== '-') throw this.#unexpected('attribute, intrinsic or value', minus)
    const token = this.#next()
    if (token.kind !== 'number' && token.kind !== 'duration') {
      throw TraceqlError.unsupported('"-" before anything but a number', minus.column)
    }
    return { kind: 'literal', type: token.kind, value: -token.value }
  }

  #word({ text, column }: Token): Expression {
    if (text === 'true' || text === 'false')
      return { kind: 'literal', type: 'boolean', value: text === 'true' }
    const keyword = keywordOf(text)
    if (keyword !== undefined) return { kind: 'literal', type: keyword.type, value: keyword }
    const name = intrinsicOf(text)
    if (name !== undefined) return { kind: 'intrinsic', name }
    if (text === 'nil') throw TraceqlError.unsupported('nil on the left of an operator', column)
    throw TraceqlError.unsupported(`"${text}"`, column)
  }

  #takeLogical(): '&&' | '||' | undefined {
    const { text, kind } = this.#peek()
    if (kind !== 'symbol' || (text !== '&&' && text !== '||')) return undefined
    this.#at += 1
    return text
  }

  #take(symbol: string): boolean {
    const token = this.#peek()
    if (token.kind !== 'symbol' || token.text !== symbol) return false
    this.#at += 1
    return true
  }

  #expect(symbol: string): void {
    if (!this.#take(symbol)) throw this.#unexpected(`"${symbol}"`)
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: 'end of query', column: 1 }
  }

  #next(): Token {
    const token = this.#peek()
    if (token.kind !== 'end') this.#at += 1
    return token
  }

  #unexpected(wanted: string, token: Token = this.#peek()): TraceqlError {
    const found = token.kind === 'end' ? token.text : `"${token.text}"`
    return new TraceqlError(`unexpected ${found}, ${wanted} expected`, token.column)
  }
}

function checkPattern(pattern: string, column: number): void {
  try {
    RE2JS.compile(pattern)
  } catch (error) {
    throw new TraceqlError(
      `invalid regular expression: ${error instanceof Error ? error.message : pattern}`,
      column,
    )
  }
}
