type Numbers = Uint8Array | Uint32Array | Float64Array

/** Growing typed array: what the index keeps a million numbers in without a million objects. */
export class Column<A extends Numbers> {
  #values: A
  #length = 0
  readonly #allocate: (length: number) => A

  constructor(allocate: (length: number) => A, capacity = 256) {
    this.#allocate = allocate
    this.#values = allocate(capacity)
  }

  get length(): number {
    return this.#length
  }

  /** Bytes of memory held, used or not. */
  get bytes(): number {
    return this.#values.byteLength
  }

  push(value: number): number {
    if (this.#length === this.#values.length) this.#resize(Math.ceil(this.#length * 1.5) + 16)
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

  #resize(capacity: number): void {
    const next = this.#allocate(capacity)
    next.set(this.#values)
    this.#values = next
  }
}

export const uint8Column = (): Column<Uint8Array> => new Column((length) => new Uint8Array(length))
export const uint32Column = (): Column<Uint32Array> => new Column((length) => new Uint32Array(length))
export const float64Column = (): Column<Float64Array> => new Column((length) => new Float64Array(length))
