import { request } from 'undici'
import { z } from 'zod'
import { EnvironmentFailure } from './errors.ts'

const answer = z.object({
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

export interface PagerClient {
  /** What fired, or was still firing, since then. */
  since(sinceMs: number): Promise<readonly Page[]>
}

const TIMEOUT_MS = 5000

export function createPagerClient(baseUrl: string): PagerClient {
  return {
    async since(sinceMs) {
      try {
        const response = await request(`${baseUrl}/api/v1/incidents`, {
          query: { since: Math.floor(sinceMs) },
          headersTimeout: TIMEOUT_MS,
          bodyTimeout: TIMEOUT_MS,
        })
        const { incidents } = answer.parse(await response.body.json())
        return incidents.map(({ labels, annotations, firedAtMs, resolvedAtMs }) => ({
          alert: labels.alertname ?? '',
          severity: labels.severity ?? '',
          service: labels.service ?? '',
          summary: annotations.summary ?? '',
          firedAtMs,
          resolvedAtMs,
        }))
      } catch (error) {
        throw new EnvironmentFailure(`the pager does not answer on ${baseUrl}`, { cause: error })
      }
    },
  }
}
