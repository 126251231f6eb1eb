/** What a statement does, as far as its text tells. */
export interface QuerySummary {
  /** Upper case, for instance `SELECT`. */
  readonly operation: string
  /** First table named; empty for none. */
  readonly collection: string
  /** `SELECT concerts venues`: operation and tables, low in cardinality. */
  readonly summary: string
}

/** Longest summary: https://opentelemetry.io/docs/specs/semconv/database/database-spans/#generating-a-summary-of-the-query */
const MAX_SUMMARY = 255
/** No statement begins with a longer word. */
const OPERATION = /^[a-z]{1,32}$/

const PART = String.raw`(?:"[^"]*"|${'`'}[^${'`'}]*${'`'}|[a-zA-Z_\u0080-\uffff][\w$\u0080-\uffff]*)`
const TOKEN = new RegExp(String.raw`${PART}(?:\.${PART}){0,2}|[^\s\w]|\d+`, 'g')
const IS_NAME = /^["`a-zA-Z_\u0080-\uffff]/

/** Words before `update` that make something else of it: `for update`, `on update cascade`. */
const NO_STATEMENT_AFTER = new Set(['for', 'do', 'key', 'on', 'before', 'after', 'or', 'of'])
/** Words between `from` and the like and the name of a table. */
const FILLERS = new Set(['only', 'lateral', 'if', 'not', 'exists', 'table', 'unlogged', 'concurrently'])
/** What comes there without being a table. */
const NO_TABLES = new Set(['select', 'set', 'stdin', 'stdout', 'program', 'values', 'where', 'on'])
const TEMPORARY = new Set(['temp', 'temporary'])
/** Words with which a parenthesis begins that holds a statement; in another one, `from` belongs to a function. */
const STATEMENTS = new Set(['select', 'with', 'insert', 'update', 'delete', 'merge', 'values', 'table'])
const MAIN = new Set(['select', 'insert', 'update', 'delete', 'merge'])

/**
 * Reads operation and tables from SQL by its words, not by its grammar: good for names, not for meaning.
 * @param sql without literals and comments, by `maskQuery`
 */
export function summarize(sql: string): QuerySummary {
  const tokens = sql.match(TOKEN) ?? []
  const reader = new StatementReader(tokens)
  reader.read()
  const { tables } = reader
  const operation = reader.operation === '?' ? '' : reader.operation.toUpperCase()
  const summary = [operation, ...tables].filter(Boolean).join(' ').slice(0, MAX_SUMMARY)
  return { operation, collection: tables.values().next().value ?? '', summary }
}

/** A parenthesis, or the statement itself. */
interface Scope {
  /** Holds a statement, not a function's arguments; undefined before its first word. */
  isStatement: boolean | undefined
  /** Begins with `with`. */
  hasExpressions: boolean
  /** Last name before `as` or a parenthesis, which may become that of an expression. */
  candidate: string
}

/** Walks through the words of a statement once. */
class StatementReader {
  readonly tables = new Set<string>()
  operation = ''
  /** As they are written. */
  readonly #tokens: readonly string[]
  /** Lower case, as keywords are. */
  readonly #words: readonly string[]
  /** Names of common table expressions and temporary tables. */
  readonly #passing = new Set<string>()
  readonly #scopes: Scope[] = [newScope()]

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
    this.#words = tokens.map((token) => token.toLowerCase())
  }

  read(): void {
    for (const [index, word] of this.#words.entries()) {
      if (word === '(') this.#scopes.push(newScope())
      else if (word === ')') {
        if (this.#scopes.length > 1) this.#scopes.pop()
      } else if (IS_NAME.test(word)) this.#readWord(word, index)
    }
  }

  #readWord(word: string, index: number): void {
    const scope = this.#begin(word)
    if (!scope) return
    if (word === 'as') this.#readExpression(scope, index)
    const next = this.#words[index + 1]
    if (next === 'as' || next === '(') scope.candidate = word
    if (this.operation === '') this.operation = OPERATION.test(word) ? word : '?'
    // The statement behind `WITH …`.
    else if (this.operation === 'with' && this.#scopes.length === 1 && MAIN.has(word)) this.operation = word
    if (this.#introducesTable(word, index, scope)) this.#readTable(word, index)
  }

  /** The first word inside tells what the parentheses around it are. */
  #begin(word: string): Scope | undefined {
    for (const scope of this.#scopes.toReversed()) {
      if (scope.isStatement !== undefined) break
      scope.isStatement = STATEMENTS.has(word) || scope === this.#scopes[0]
      scope.hasExpressions = word === 'with'
    }
    return this.#scopes.at(-1)
  }

  /** `name [(columns)] as [not] [materialized] (` */
  #readExpression({ hasExpressions, candidate }: Scope, index: number): void {
    let next = index + 1
    while (this.#words[next] === 'not' || this.#words[next] === 'materialized') next += 1
    if (hasExpressions && this.#words[next] === '(') this.#passing.add(unquote(candidate))
  }

  #introducesTable(word: string, index: number, { isStatement }: Scope): boolean {
    const before = this.#words[index - 1] ?? ''
    switch (word) {
      case 'from':
        return isStatement === true && before !== 'distinct'
      case 'update':
        return !NO_STATEMENT_AFTER.has(before)
      case 'join':
      case 'into':
        return true
      case 'table':
        return before !== 'into' && before !== 'truncate' && !this.#isTemporary(index - 1)
      case 'copy':
      case 'truncate':
        return before === '' || before === ';'
      default:
        return false
    }
  }

  #readTable(introduction: string, index: number): void {
    const next = this.#behindFillers(index)
    const word = this.#words[next] ?? ''
    if (!IS_NAME.test(word) || NO_TABLES.has(word)) return
    if (TEMPORARY.has(word)) {
      if (introduction === 'into') this.#isTemporary(next)
      return
    }
    const isFunction = (introduction === 'from' || introduction === 'join') && this.#words[next + 1] === '('
    const name = unquote(word)
    if (isFunction || name === '' || name.startsWith('pg_temp') || this.#passing.has(name)) return
    this.tables.add(unquote(this.#tokens[next] ?? ''))
  }

  /** `create [local | global] temporary table name` */
  #isTemporary(index: number): boolean {
    if (!TEMPORARY.has(this.#words[index] ?? '')) return false
    this.#passing.add(unquote(this.#words[this.#behindFillers(index)] ?? ''))
    return true
  }

  #behindFillers(index: number): number {
    let next = index + 1
    while (FILLERS.has(this.#words[next] ?? '')) next += 1
    return next
  }
}

function newScope(): Scope {
  return { isStatement: undefined, hasExpressions: false, candidate: '' }
}

function unquote(name: string): string {
  return name.replaceAll(/["`]/g, '')
}
