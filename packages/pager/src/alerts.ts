import { createHash } from 'node:crypto'
import { z } from 'zod'

/** Bounds of one delivery: what is larger is refused, so that no sender can fill the memory. */
export const LIMITS = { alerts: 1000, labels: 64, text: 4096 } as const

const name = z.string().min(1).max(200)
const labels = z
  .record(name, z.string().max(LIMITS.text))
  .refine((given) => Object.keys(given).length <= LIMITS.labels, `more than ${LIMITS.labels} labels`)

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

const alertSchema = z.object({
  labels: labels.refine((given) => given.alertname !== undefined, 'the label alertname is missing'),
  annotations: labels.default({}),
  startsAt: time,
  /** Prometheus always says it: in the past of a resolved alert, a few resends ahead of a firing one. */
  endsAt: time,
  generatorURL: z.string().max(LIMITS.text).default(''),
})

/** An alert as a sender says it is; times in epoch ms. */
export type PostedAlert = z.infer<typeof alertSchema>

/**
 * Body of `POST /api/v2/alerts`.
 * @see https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
 */
export const postedAlerts = z.array(alertSchema).max(LIMITS.alerts)

/** Identity of an alert: its labels, in whatever order they came. */
export function fingerprintOf(given: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 16)
}
