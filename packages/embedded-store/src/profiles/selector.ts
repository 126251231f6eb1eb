import { RE2JS } from 're2js'
import type { Labels } from './labels.ts'

export type MatchOperator = '=' | '!=' | '=~' | '!~'

export interface Matcher {
  readonly name: string
  readonly operator: MatchOperator
  readonly value: string
}

/** A label selector that cannot be read; the message says where. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError'
}

const TOKEN =
  /\s*(?:(?<name>[A-Za-z_][A-Za-z0-9_.]*)|(?<quoted>"(?:[^"\\]|\\.)*")|`(?<raw>[^`]*)`|(?<symbol>=~|!~|!=|=|[{},]))/y
const OPERATORS = new Set(['=', '!=', '=~', '!~'])

/** Reads `{name="value", other=~"a|b"}`, as Prometheus writes it. @throws {SelectorError} */
export function parseSelector(text: string): Matcher[] {
  const reader = new Reader(text)
  const matchers: Matcher[] = []
  reader.expect('{')
  while (!reader.takes('}')) {
    matchers.push(reader.matcher())
    if (!reader.takes(',')) {
      reader.expect('}')
      break
    }
  }
  reader.end()
  return matchers
}

/** Selector text that reads as the same matchers. */
export function printSelector(matchers: readonly Matcher[]): string {
  return `{${matchers.map(({ name, operator, value }) => `${name}${operator}${JSON.stringify(value)}`).join(', ')}}`
}

/** Whether labels fit all matchers; a label that is not there counts as empty, patterns match the whole value. */
export function selects(matchers: readonly Matcher[]): (labels: Labels) => boolean {
  const tests = matchers.map(({ name, operator, value }) => {
    const matches = valueTest(operator, value)
    return (labels: Labels) => matches(labels.get(name))
  })
  return (labels) => tests.every((test) => test(labels))
}

function valueTest(operator: MatchOperator, value: string): (text: string) => boolean {
  if (operator === '=') return (text) => text === value
  if (operator === '!=') return (text) => text !== value
  const pattern = RE2JS.compile(value)
  return operator === '=~' ? (text) => pattern.matches(text) : (text) => !pattern.matches(text)
}

interface SelectorToken {
  readonly kind: 'name' | 'string' | 'symbol' | 'end'
  readonly text: string
  readonly end: number
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  takes(symbol: string): boolean {
    const token = this.#peek()
    if (token.kind !== 'symbol' || token.text !== symbol) return false
    this.#at = token.end
    return true
  }

  expect(symbol: string): void {
    if (!this.takes(symbol)) throw this.#unexpected(`"${symbol}"`)
  }

  end(): void {
    if (this.#peek().kind !== 'end') throw this.#unexpected('end of selector')
  }

  matcher(): Matcher {
    const name = this.#next(['name', 'string'], 'label name')
    const operator = this.#next(['symbol'], 'one of = != =~ !~')
    if (!isOperator(operator)) throw this.#unexpected('one of = != =~ !~')
    const value = this.#next(['string'], 'quoted value')
    if (operator === '=~' || operator === '!~') this.#check(value)
    return { name, operator, value }
  }

  #next(kinds: readonly SelectorToken['kind'][], wanted: string): string {
    const token = this.#peek()
    if (!kinds.includes(token.kind)) throw this.#unexpected(wanted)
    this.#at = token.end
    return token.text
  }

  #check(pattern: string): void {
    try {
      RE2JS.compile(pattern)
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error)
      throw new SelectorError(`invalid label selector: regular expression "${pattern}": ${cause}`)
    }
  }

  #peek(): SelectorToken {
    TOKEN.lastIndex = this.#at
    const groups = TOKEN.exec(this.#text)?.groups
    const end = TOKEN.lastIndex
    if (groups?.name !== undefined) return { kind: 'name', text: groups.name, end }
    if (groups?.quoted !== undefined) return { kind: 'string', text: this.#unquote(groups.quoted), end }
    if (groups?.raw !== undefined) return { kind: 'string', text: groups.raw, end }
    if (groups?.symbol !== undefined) return { kind: 'symbol', text: groups.symbol, end }
    const rest = this.#text.slice(this.#at).trim()
    if (rest === '') return { kind: 'end', text: 'end of selector', end: this.#text.length }
    throw new SelectorError(`invalid label selector: unexpected "${rest[0]}" at position ${this.#at + 1}`)
  }

  #unquote(quoted: string): string {
    try {
      return JSON.parse(quoted) as string
    } catch {
      throw new SelectorError(`invalid label selector: invalid escape sequence in ${quoted}`)
    }
  }

  #unexpected(wanted: string): SelectorError {
    return new SelectorError(
      `invalid label selector: unexpected "${this.#peek().text}" at position ${this.#at + 1}, ${wanted} expected`,
    )
  }
}

function isOperator(text: string): text is MatchOperator {
  return OPERATORS.has(text)
}
