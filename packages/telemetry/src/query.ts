import { type QuerySummary, summarize } from './query-summary.ts'

/**
 * Tokens of PostgreSQL's lexical rules in which a literal may begin or hide:
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html. Each alternative either matches or fails within a
 * few characters, or runs to the end of the text, so that the time is linear.
 */
const TOKEN = new RegExp(
  [
    String.raw`(?<comment>--[^\n]*|/\*[\s\S]*?(?:\*/|$))`,
    String.raw`(?<escaped>[eE]'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*(?:'|\\?$))`,
    "(?<plain>'[^']*(?:''[^']*)*(?:'|$))",
    String.raw`(?<dollar>\$(?<tag>(?:[a-zA-Z_\u0080-\uffff][\w\u0080-\uffff]*)?)\$[\s\S]*?(?:\$\k<tag>\$|$))`,
    // Quoted with `"`, in MySQL with a backtick; one that is not closed may hold anything.
    '(?<open>"[^"]*$|`[^`]*$)',
    String.raw`(?<name>"[^"]*"|${'`'}[^${'`'}]*${'`'}|[a-zA-Z_\u0080-\uffff][\w$\u0080-\uffff]*|\$\d+)`,
    String.raw`(?<number>\.?\d[\w.\u0080-\uffff]*(?:(?<=[eE])[+-]\d+)?)`,
  ].join('|'),
  'g',
)

/**
 * The statement with `?` for every string, number and dollar quote, and without comments. Words, quoted names and
 * placeholders (`$1`) stay. Where a dialect decides whether a string or a comment has ended (a backslash before its
 * quote; a comment within, which only some have), the rest of the statement goes.
 */
export function maskQuery(text: string): string {
  let masked = ''
  let end = 0
  for (const match of text.matchAll(TOKEN)) {
    const { comment, plain, name } = match.groups as Partial<Record<string, string>>
    if (name !== undefined) continue
    masked += text.slice(end, match.index) + (comment === undefined ? '?' : ' ')
    end = match.index + match[0].length
    if (plain?.includes("\\'") || (comment?.startsWith('/*') && comment.includes('/*', 2))) return masked
  }
  return end === 0 ? text : masked + text.slice(end)
}

export interface QueryDescription extends QuerySummary {
  /** The statement with `?` for its literals; a long one ends with `…`. */
  readonly text: string
}

/** Characters of a statement that are read; what comes later names no more tables worth knowing. */
const MAX_READ = 4_096
/** Bytes that all remembered statements take. */
const MAX_BYTES = 2 * 1024 * 1024
/** What an entry takes beside its texts. */
const ENTRY_BYTES = 256

/**
 * Remembers what statements do, by their text. Bounded in bytes by two generations: the older one is thrown away when
 * the younger is half of all, and what is asked for again moves over. Long statements are not remembered.
 */
export class QueryCache {
  readonly #maxBytes: number
  #young = new Map<string, QueryDescription>()
  #old = new Map<string, QueryDescription>()
  #youngBytes = 0
  #oldBytes = 0

  /** @param maxBytes two for each character, as most engines take */
  constructor(maxBytes: number = MAX_BYTES) {
    this.#maxBytes = maxBytes
  }

  /** Bytes that are remembered, at most. */
  get bytes(): number {
    return this.#youngBytes + this.#oldBytes
  }

  describe(text: string): QueryDescription {
    if (text.length > MAX_READ) return describe(text.slice(0, MAX_READ), '…')
    const known = this.#young.get(text)
    if (known) return known
    const description = this.#old.get(text) ?? describe(text, '')
    this.#remember(text, description)
    return description
  }

  #remember(text: string, description: QueryDescription): void {
    const bytes = ENTRY_BYTES + 2 * (text.length + description.text.length + 2 * description.summary.length)
    if (bytes > this.#maxBytes / 2) return
    if (this.#youngBytes + bytes > this.#maxBytes / 2) {
      this.#old = this.#young
      this.#oldBytes = this.#youngBytes
      this.#young = new Map()
      this.#youngBytes = 0
    }
    this.#young.set(text, description)
    this.#youngBytes += bytes
  }
}

function describe(text: string, ending: string): QueryDescription {
  const masked = maskQuery(text)
  return { ...summarize(masked), text: masked + ending }
}

const shared = new QueryCache()

/** What a statement does and its text without literals, remembered by its text. */
export function describeQuery(text: string): QueryDescription {
  return shared.describe(text)
}
