import { setTimeout as delay } from 'node:timers/promises'

export interface PollOptions {
  readonly intervalMs: number
  /** Epoch ms. */
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

/** Asks until `done` or the deadline. @returns whether it was done */
export async function pollUntil(done: () => Promise<boolean>, options: PollOptions): Promise<boolean> {
  for (;;) {
    options.signal.throwIfAborted()
    if (await done()) return true
    const left = options.deadlineMs - Date.now()
    if (left <= 0) return false
    await delay(Math.min(options.intervalMs, left), undefined, { signal: options.signal })
  }
}
