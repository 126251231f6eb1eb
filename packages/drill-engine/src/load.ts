import type { LoadResult } from '@faultline/runtime'
import { z } from 'zod'
import { EnvironmentFailure } from './errors.ts'

const count = z.object({ values: z.object({ count: z.number() }) })
const summarySchema = z.object({
  metrics: z.object({ iterations: count.optional(), dropped_iterations: count.optional() }),
})

/** k6's exit codes that leave a drill to be judged: done, a threshold failed, ended early on request. */
const USABLE_EXIT_CODES = [0, 99, 105]
/** Below this share of the plan the load was not what the drill is about. */
const LEAST_SHARE = 0.95

export interface OfferedLoad {
  /** Iterations. */
  readonly planned: number
  readonly offered: number
  readonly share: number
}

/**
 * Whether the load was there, by k6's own summary.
 * @throws EnvironmentFailure when it was not: what was measured then says nothing
 */
export function checkLoad({ exitCode, summary }: LoadResult): OfferedLoad {
  if (!USABLE_EXIT_CODES.includes(exitCode)) {
    throw new EnvironmentFailure(
      `k6 ended with exit code ${exitCode}; its log: logs/k6.log in the state folder`,
    )
  }
  const parsed = summarySchema.safeParse(summary)
  if (!parsed.success)
    throw new EnvironmentFailure('k6 wrote no summary; its log: logs/k6.log in the state folder')
  const { iterations, dropped_iterations } = parsed.data.metrics
  const offered = iterations?.values.count ?? 0
  const planned = offered + (dropped_iterations?.values.count ?? 0)
  const share = planned === 0 ? 0 : offered / planned
  if (share < LEAST_SHARE) {
    throw new EnvironmentFailure(
      `k6 offered ${offered} of ${planned} planned iterations (${(share * 100).toFixed(1)} %, at least ${LEAST_SHARE * 100} % are needed): this machine is too busy`,
    )
  }
  return { planned, offered, share }
}
