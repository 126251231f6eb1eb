import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { lock } from 'proper-lockfile'

/** A builder that was killed cannot release its lock; without a sign of life for so long, it is gone. */
const STALE_MS = 10_000
const POLL_MS = 250

/**
 * Takes the lock that lets one build run at a time among all processes that share the cache. The holder
 * renews it while it lives, so that of a killed one is taken over after ten seconds.
 *
 * @param onWait called once, when another process holds the lock
 */
export async function acquireBuildLock(
  cache: string,
  onWait: () => void,
  signal: AbortSignal | undefined,
): Promise<AsyncDisposable> {
  await mkdir(cache, { recursive: true })
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted()
    try {
      const release = await lock(cache, {
        lockfilePath: join(cache, 'build.lock'),
        stale: STALE_MS,
        // After a suspended laptop another process may have taken over. Both builds are sound then: each
        // has a folder of its own and moves the finished file into place in one step.
        onCompromised: () => {},
      })
      // Releasing a lock that was taken over fails, and there is nothing left to release.
      return { [Symbol.asyncDispose]: () => release().catch(() => {}) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error
      if (attempt === 0) onWait()
      await sleep(POLL_MS, undefined, { signal })
    }
  }
}
