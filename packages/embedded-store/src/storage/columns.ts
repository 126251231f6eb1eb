type Numbers = Uint8Array | Uint32Array | Float64Array

/** Growing typed array: what the index keeps a million numbers in without a million objects. */
export class Column {
  readonly #Numbers: new (
    length: number,
  ) => Numbers
  #values: Numbers
  #length = 0

  constructor(type: new (length: number) => Numbers) {
    this.#Numbers = type
    this.#values = new type(256)
  }

  get length(): number {
    return this.#length
  }

  /** Bytes of memory held, used or not. */
  get bytes(): number {
    return this.#values.byteLength
  }

  /** Appends a value and gives its row. */
  push(value: number): number {
    if (this.#length === this.#values.length) {
      const grown = new this.#Numbers(Math.ceil(this.#length * 1.5) + 16)
      grown.set(this.#values)
      this.#values = grown
    }
    this.#values[this.#length] = value
    this.#length += 1
    return this.#length - 1
  }

  /** Value of a row; 0 for a row that does not exist. */
  get(row: number): number {
    return row < this.#length ? (this.#values[row] ?? 0) : 0
  }

  set(row: number, value: number): void {
    this.#values[row] = value
  }
}

/** Ids of 8 bytes, each as two numbers; an id of any other length counts as zeros. */
export class IdColumn {
  readonly #high = new Column(Uint32Array)
  readonly #low = new Column(Uint32Array)

  push(id: Uint8Array): void {
    const view = id.length === 8 ? new DataView(id.buffer, id.byteOffset, 8) : undefined
    this.#high.push(view?.getUint32(0) ?? 0)
    this.#low.push(view?.getUint32(4) ?? 0)
  }

  /** 16 hexadecimal digits. */
  get(row: number): string {
    const hex = (half: number): string => half.toString(16).padStart(8, '0')
    return hex(this.#high.get(row)) + hex(this.#low.get(row))
  }

  isZero(row: number): boolean {
    return this.#high.get(row) === 0 && this.#low.get(row) === 0
  }

  get bytes(): number {
    return totalBytes([this.#high, this.#low])
  }
}

/** Estimated cost of one string beside its characters: string header, map slot, array slot. */
const STRING_BYTES = 72

/** Gives each distinct string a small number, counted from 0. */
export class StringTable {
  readonly #ids = new Map<string, number>()
  readonly #strings: string[] = []
  /** Estimated bytes of memory. */
  bytes = 0

  /** Id of the string, new if it was not there. */
  add(text: string): number {
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    const id = this.#strings.push(text) - 1
    this.#ids.set(text, id)
    this.bytes += STRING_BYTES + text.length
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
}

/** Estimated bytes of memory of all together. */
export function totalBytes(parts: readonly { readonly bytes: number }[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0)
}
