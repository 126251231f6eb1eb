import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@faultline/service-kit'

/** A task that runs again and again in the background. */
export interface Repeated {
  /** Lets the run under way end; no further one begins. */
  stop(): Promise<void>
}

/**
 * Runs a task at once and then after each pause, never twice at a time. A failure is logged when it is the first in
 * a row, as what is down for an hour need not be told of every second.
 */
export function repeat(
  name: string,
  intervalMs: number,
  task: () => Promise<void>,
  logger: Pick<Logger, 'warn' | 'info'>,
): Repeated {
  const stopping = new AbortController()
  async function run(): Promise<void> {
    let failing = false
    while (!stopping.signal.aborted) {
      try {
        await task()
        if (failing) logger.info({ task: name }, 'background task works again')
        failing = false
      } catch (error) {
        if (!failing) logger.warn({ err: error, task: name }, 'background task failed; trying again')
        failing = true
      }
      await sleep(intervalMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
    }
  }
  const running = run()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}
