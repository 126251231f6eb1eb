import { RE2JS } from 're2js'
import { Refusal } from '../refusal.ts'

/** Sorted set of labels; two of the same content have the same `key`. */
export class Labels {
  readonly pairs: readonly (readonly [name: string, value: string])[]
  readonly key: string
  readonly #values: ReadonlyMap<string, string>

  /** Of two pairs with one name the later wins. */
  constructor(pairs: Iterable<readonly [string, string]>) {
    this.#values = new Map(pairs)
    this.pairs = [...this.#values].sort(([a], [b]) => (a < b ? -1 : 1))
    this.key = JSON.stringify(this.pairs)
  }

  /** Value of a label, empty when it is not there, as Prometheus matchers see it. */
  get(name: string): string {
    return this.#values.get(name) ?? ''
  }

  names(): string[] {
    return this.pairs.map(([name]) => name)
  }

  /** The labels of these names that are there. */
  project(names: readonly string[]): Labels {
    return new Labels(this.pairs.filter(([name]) => names.includes(name)))
  }
}

type MatchOperator = '=' | '!=' | '=~' | '!~'

export interface Matcher {
  readonly name: string
  readonly operator: MatchOperator
  readonly value: string
}

const TOKEN =
  /\s*(?:(?<name>[A-Za-z_][A-Za-z0-9_.]*)|(?<quoted>"(?:[^"\\]|\\.)*")|`(?<raw>[^`]*)`|(?<symbol>=~|!~|!=|=|[{},]))/y
const OPERATORS = new Set(['=', '!=', '=~', '!~'])

/** Reads `{name="value", other=~"a|b"}`, as Prometheus writes it. @throws {Refusal} */
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
      throw invalid(`regular expression "${pattern}": ${cause}`)
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
    throw invalid(`unexpected "${rest[0]}" at position ${this.#at + 1}`)
  }

  #unquote(quoted: string): string {
    try {
      return JSON.parse(quoted) as string
    } catch {
      throw invalid(`invalid escape sequence in ${quoted}`)
    }
  }

  #unexpected(wanted: string): Refusal {
    return invalid(`unexpected "${this.#peek().text}" at position ${this.#at + 1}, ${wanted} expected`)
  }
}

function isOperator(text: string): text is MatchOperator {
  return OPERATORS.has(text)
}

function invalid(message: string): Refusal {
  return new Refusal(400, `invalid label selector: ${message}`)
}
