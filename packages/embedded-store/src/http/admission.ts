import { OverloadedError } from '../segments/errors.ts'

/** Keeps the bodies of requests that are in memory at once within a bound. */
export class Admission {
  readonly #maxBytes: number
  #underWay = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /**
   * Runs `handle` for a request whose body has so many bytes.
   *
   * @throws {OverloadedError} when others leave no room for it
   */
  async run<T>(bytes: number, handle: () => Promise<T>): Promise<T> {
    if (this.#underWay > 0 && this.#underWay + bytes > this.#maxBytes) {
      throw new OverloadedError(`${this.#underWay} bytes of other requests are under way`)
    }
    this.#underWay += bytes
    try {
      return await handle()
    } finally {
      this.#underWay -= bytes
    }
  }
}
