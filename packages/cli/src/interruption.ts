/** npm passes on a signal that the terminal has sent to this process already: within this time, in ms, it is one Ctrl-C. */
const SAME_INTERRUPT_MS = 500
/** How long work may take to end after the request, before it is no longer waited for, in ms. */
const GRACE_MS = 1000
/** The last one: a program that runs the command and has opened a channel to it, such as a test, is gone. */
const EVENTS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const

/** How often to look whether npm is still there, in ms. */
const PARENT_POLL_MS = 1000

/** Turns Ctrl-C, SIGTERM and a closed terminal into two steps: stop in order, and, asked again, kill. */
export class Interruption {
  readonly #first = new AbortController()
  readonly #second = new AbortController()
  readonly #late = Promise.withResolvers<never>()
  #firstAt = 0
  #grace: NodeJS.Timeout | undefined
  #parentPoll: NodeJS.Timeout | undefined

  constructor() {
    this.#late.promise.catch(() => undefined)
    for (const event of EVENTS) process.on(event, this.#interrupt)
    // gone while this process was loading its code
    if (process.connected === false) this.#interrupt()
    // of SIGTERM npm tells only the shell between it and this process, and both end without a word
    if (process.env.npm_command !== undefined) this.#interruptWhenOrphaned(process.ppid)
  }

  /** Aborted when people want the command to end. */
  get requested(): AbortSignal {
    return this.#first.signal
  }

  /** Aborted when they do not want to wait for it any longer. */
  get insisted(): AbortSignal {
    return this.#second.signal
  }

  /**
   * The outcome of work, or, soon after people want the command to end, a rejection: work that waits for something that
   * hangs must not keep them.
   */
  during<T>(work: Promise<T>): Promise<T> {
    return Promise.race([this.#late.promise, work])
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#grace)
    clearInterval(this.#parentPoll)
    for (const event of EVENTS) process.off(event, this.#interrupt)
  }

  #interruptWhenOrphaned(parent: number): void {
    this.#parentPoll = setInterval(() => {
      if (process.ppid === parent) return
      clearInterval(this.#parentPoll)
      this.#interrupt()
    }, PARENT_POLL_MS).unref()
  }

  readonly #interrupt = (): void => {
    if (!this.#first.signal.aborted) {
      this.#firstAt = performance.now()
      this.#first.abort()
      this.#grace = setTimeout(() => this.#late.reject(this.#first.signal.reason), GRACE_MS)
    } else if (performance.now() - this.#firstAt > SAME_INTERRUPT_MS) {
      this.#second.abort()
    }
  }
}
