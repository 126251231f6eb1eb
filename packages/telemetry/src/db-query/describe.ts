import { maskQuery } from './mask.ts'
import { type QuerySummary, summarizeMasked } from './summarize.ts'

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
  return { ...summarizeMasked(masked), text: masked + ending }
}

const shared = new QueryCache()

/** What a statement does and its text without literals, remembered by its text. */
export function describeQuery(text: string): QueryDescription {
  return shared.describe(text)
}
