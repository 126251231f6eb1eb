import {
  type ComparisonOperator,
  type Expression,
  type Field,
  intrinsicOf,
  keywordOf,
  type Literal,
  type Spanset,
  TraceqlError,
} from './ast.ts'
import { checkComparison, typeOf } from './evaluate.ts'
import { type Token, tokenize } from './lexer.ts'

const COMPARISONS = new Set<string>(['=', '!=', '<', '<=', '>', '>=', '=~', '!~'])
const ARITHMETIC = new Set(['+', '-', '*', '/', '%', '^'])
const STRUCTURAL = new Set('>> << > < ~ !>> !<< !> !< !~ &>> &<< &> &< &~'.split(' '))
/**
 * Parses the supported subset of TraceQL: spanset filters of comparisons of a field with a value, combined with `&&`,
 * `||` and parentheses, and spansets combined with `&&` and `||`. As in Tempo's grammar `&&` and `||` bind equally
 * strongly, from the left. What Tempo itself answers wrongly (a negation, `= nil`) is no part of it.
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
    if (this.#take('}')) return { kind: 'filter', expression: { kind: 'constant', value: true } }
    const expression = this.#expression()
    this.#expect('}')
    return { kind: 'filter', expression }
  }

  #expression(): Expression {
    let left = this.#condition()
    for (;;) {
      const { column } = this.#peek()
      const operator = this.#takeLogical()
      if (operator === undefined) return left
      left = combine(left, operator, this.#condition(), column)
    }
  }

  #condition(): Expression {
    if (this.#take('(')) {
      const inner = this.#expression()
      this.#expect(')')
      return inner
    }
    const { column } = this.#peek()
    const left = this.#operand()
    const { text: operator, column: at } = this.#peek()
    if (this.#peek().kind === 'symbol' && ARITHMETIC.has(operator)) {
      throw TraceqlError.unsupported(`arithmetic operator "${operator}"`, at)
    }
    if (!isComparison(operator)) return alone(left, column)
    this.#at += 1
    if (left.kind === 'literal') throw TraceqlError.unsupported(`a value before "${operator}"`, column)
    if (this.#take('nil', 'word')) return compareWithNil(left, operator, at)
    const right = this.#operand()
    if (right.kind !== 'literal') {
      throw TraceqlError.unsupported(`anything but a value behind "${operator}"`, at)
    }
    checkComparison(operator, left, right, at)
    return { kind: 'comparison', operator, left, right }
  }

  #operand(): Field | Literal {
    const token = this.#next()
    switch (token.kind) {
      case 'string':
        return { kind: 'literal', type: 'string', value: token.value }
      case 'integer':
      case 'double':
      case 'duration':
        return { kind: 'literal', type: token.kind, value: token.value }
      case 'attribute':
        return { kind: 'attribute', scope: token.scope, name: token.name }
      case 'word':
        return this.#word(token)
      default:
        return this.#symbol(token)
    }
  }

  #symbol(symbol: Token): Literal {
    // Tempo reads only the spans that the operand selects and then negates: it finds nothing where all else was meant.
    if (symbol.text === '!') throw TraceqlError.unsupported('negation "!" (use "!=" or "!~")', symbol.column)
    if (symbol.text !== '-') throw this.#unexpected('attribute, intrinsic or value', symbol)
    const token = this.#next()
    if (token.kind !== 'integer' && token.kind !== 'double' && token.kind !== 'duration') {
      throw TraceqlError.unsupported('"-" before anything but a number', symbol.column)
    }
    return { kind: 'literal', type: token.kind, value: -token.value }
  }

  #word({ text, column }: Token): Field | Literal {
    if (text === 'true' || text === 'false') {
      return { kind: 'literal', type: 'boolean', value: text === 'true' }
    }
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

  #take(text: string, kind: 'symbol' | 'word' = 'symbol'): boolean {
    const token = this.#peek()
    if (token.kind !== kind || token.text !== text) return false
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

function isComparison(text: string): text is ComparisonOperator {
  return COMPARISONS.has(text)
}

/** A field or value without an operator: only a truth is a condition. */
function alone(operand: Field | Literal, column: number): Expression {
  if (operand.kind === 'attribute') {
    throw TraceqlError.unsupported(`an attribute by itself (write "= true")`, column)
  }
  if (operand.kind === 'literal' && operand.type === 'boolean') {
    return { kind: 'constant', value: operand.value }
  }
  throw new TraceqlError(`a condition is expected, this is a ${typeOf(operand)}`, column)
}

function combine(left: Expression, operator: '&&' | '||', right: Expression, column: number): Expression {
  if (left.kind === 'constant' && right.kind === 'constant') {
    const value = operator === '&&' ? left.value && right.value : left.value || right.value
    return { kind: 'constant', value }
  }
  // Tempo does not read the spans that only a constant would select.
  if (left.kind === 'constant' || right.kind === 'constant') {
    throw TraceqlError.unsupported('"true" or "false" beside another condition', column)
  }
  return { kind: 'logical', operator, left, right }
}

function compareWithNil(operand: Field, operator: ComparisonOperator, column: number): Expression {
  if (operator === '!=') return { kind: 'exists', operand }
  if (operator !== '=') throw new TraceqlError(`nil cannot be compared with "${operator}"`, column)
  if (operand.kind === 'intrinsic') {
    throw new TraceqlError(`${operand.name} cannot be nil, intrinsics are always there`, column)
  }
  // Tempo 3.0.3 finds a part of the spans, and shows other attributes' names for values.
  throw TraceqlError.unsupported('"= nil"', column)
}
