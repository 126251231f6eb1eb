/** npm passes on a signal that the terminal has sent to this process already: within this time, in ms, it is one Ctrl-C. */
const SAME_INTERRUPT_MS = 500

/** Turns Ctrl-C, SIGTERM and a closed terminal into two steps: stop in order, and, asked again, kill. */
export class Interruption {
  readonly #first = new AbortController()
  readonly #second = new AbortController()
  #firstAt = 0

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, this.#interrupt)
  }

  /** Aborted when people want the command to end. */
  get requested(): AbortSignal {
    return this.#first.signal
  }

  /** Aborted when they do not want to wait for it any longer. */
  get insisted(): AbortSignal {
    return this.#second.signal
  }

  [Symbol.dispose](): void {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, this.#interrupt)
  }

  readonly #interrupt = (): void => {
    if (!this.#first.signal.aborted) {
      this.#firstAt = performance.now()
      this.#first.abort()
    } else if (performance.now() - this.#firstAt > SAME_INTERRUPT_MS) {
      this.#second.abort()
    }
  }
}
