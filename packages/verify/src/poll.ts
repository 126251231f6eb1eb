import { setTimeout as delay } from 'node:timers/promises'

export interface PollOptions {
  readonly intervalMs: number
  /** Epoch ms after which the last result stands. */
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

/**
 * Asks until the result is settled or the deadline has passed, and answers with the last result. The
 * deadline is looked at between two questions, so each of these needs a deadline of its own.
 */
export async function pollUntil<T>(
  ask: () => Promise<T>,
  settled: (result: T) => boolean,
  { intervalMs, deadlineMs, signal }: PollOptions,
): Promise<T> {
  for (;;) {
    const result = await ask()
    const left = deadlineMs - Date.now()
    if (left <= 0 || settled(result)) return result
    await delay(Math.min(intervalMs, left), undefined, { signal })
  }
}
