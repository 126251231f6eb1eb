/** Sorted set of labels; two of the same content have the same `key`. */
export class Labels {
  readonly pairs: readonly (readonly [name: string, value: string])[]
  readonly key: string
  readonly #values: ReadonlyMap<string, string>

  private constructor(values: ReadonlyMap<string, string>) {
    this.#values = values
    this.pairs = [...values].sort(([a], [b]) => (a < b ? -1 : 1))
    this.key = JSON.stringify(this.pairs)
  }

  /** Of two pairs with one name the later wins. */
  static of(pairs: Iterable<readonly [string, string]>): Labels {
    return new Labels(new Map(pairs))
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
    return Labels.of(this.pairs.filter(([name]) => names.includes(name)))
  }
}
