/** What surrounds a drill: backends, pager, load. When it fails there is no verdict. */
import { BackendError } from '@faultline/backends-client'
import type { LoadResult } from '@faultline/runtime'
import { request } from 'undici'
import { z } from 'zod'

/**
 * The surroundings failed, not the drill: too little load, a backend that gives no answer, a kit that is not healthy.
 * Neither a pass nor missing evidence.
 */
export class EnvironmentFailure extends Error {
  override readonly name = 'EnvironmentFailure'
}

/** Turns a backend's failure into one of the surroundings. */
export async function answered<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof BackendError) throw new EnvironmentFailure(error.message, { cause: error })
    throw error
  }
}

const incidentsSchema = z.object({
  incidents: z.array(
    z.object({
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()),
      firedAtMs: z.number(),
      resolvedAtMs: z.number().optional(),
    }),
  ),
})

/** An alert as it reached the pager. Epoch ms. */
export interface Page {
  readonly alert: string
  readonly severity: string
  readonly service: string
  readonly summary: string
  readonly firedAtMs: number
  readonly resolvedAtMs?: number | undefined
}

const PAGER_TIMEOUT_MS = 5000

/** What fired, or was still firing, since then. */
export async function pagesSince(pagerUrl: string, sinceMs: number): Promise<readonly Page[]> {
  try {
    const response = await request(`${pagerUrl}/api/v1/incidents`, {
      query: { since: Math.floor(sinceMs) },
      headersTimeout: PAGER_TIMEOUT_MS,
      bodyTimeout: PAGER_TIMEOUT_MS,
    })
    const { incidents } = incidentsSchema.parse(await response.body.json())
    return incidents.map(({ labels, annotations, firedAtMs, resolvedAtMs }) => ({
      alert: labels.alertname ?? '',
      severity: labels.severity ?? '',
      service: labels.service ?? '',
      summary: annotations.summary ?? '',
      firedAtMs,
      resolvedAtMs,
    }))
  } catch (error) {
    throw new EnvironmentFailure(`the pager does not answer on ${pagerUrl}`, { cause: error })
  }
}

const count = z.object({ values: z.object({ count: z.number() }) })
const summarySchema = z.object({
  metrics: z.object({ iterations: count.optional(), dropped_iterations: count.optional() }),
})

/** k6's exit codes that leave a drill to be judged: done, a threshold failed, ended early on request. */
const USABLE_EXIT_CODES = [0, 99, 105]
/** Below this share of the plan the load was not what the drill is about. */
const LEAST_SHARE = 0.95

/**
 * Iterations that k6 planned and made, by its own summary.
 * @throws EnvironmentFailure when they were too few: what was measured then says nothing
 */
export function checkLoad({ exitCode, summary }: LoadResult) {
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
