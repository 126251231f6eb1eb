/** Estimated cost of one entry beside its characters: string header, map slot, array slot. */
const ENTRY_BYTES = 72

/** Gives each distinct string a small number, counted from 0. */
export class StringTable {
  readonly #ids = new Map<string, number>()
  readonly #strings: string[] = []
  #bytes = 0

  /** Id of the string, new if it was not there. */
  add(text: string): number {
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    const id = this.#strings.length
    this.#strings.push(text)
    this.#ids.set(text, id)
    this.#bytes += ENTRY_BYTES + text.length
    return id
  }

  /** Id of the string if it is there. */
  find(text: string): number | undefined {
    return this.#ids.get(text)
  }

  /** String of an id; empty for an id that was never given. */
  get(id: number): string {
    return this.#strings[id] ?? ''
  }

  get size(): number {
    return this.#strings.length
  }

  /** Estimated bytes of memory. */
  get bytes(): number {
    return this.#bytes
  }
}
