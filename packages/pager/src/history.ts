import { createHash } from 'node:crypto'
import { z } from 'zod'

/** Bounds of one delivery: what is larger is refused, so that no sender can fill the memory. */
const LIMITS = { alerts: 1000, labels: 64, text: 4096 } as const

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

const incidentSchema = z.object({
  fingerprint: z.string(),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  /** When the rule's expression held for long enough, by the sender's clock. */
  startsAtMs: z.number(),
  /** When the page arrived here: what somebody on call would have noticed. */
  firedAtMs: z.number(),
  /** When the news that it is over arrived, or when it stopped being repeated. */
  resolvedAtMs: z.number().optional(),
  /** `expired`: nobody said that it is over, it was only not repeated any longer. */
  resolution: z.enum(['reported', 'expired']).optional(),
  /** Until when it counts as firing unless it is repeated. */
  expiresAtMs: z.number(),
  generatorURL: z.string(),
})

/** One alert from its page to its end. All times in epoch ms. */
export type Incident = z.infer<typeof incidentSchema>

/** What is kept between two starts. */
export const incidentsSchema = z.array(incidentSchema)

interface HistoryOptions {
  /** Incidents kept, at most; those that ended longest ago go first. */
  readonly maxIncidents?: number
  /** What was known before, oldest first. */
  readonly incidents?: readonly Incident[]
}

const DEFAULT_MAX_INCIDENTS = 2000

/**
 * When each alert fired and resolved. A sender repeats a firing alert about every minute, and a resolved one for a
 * quarter of an hour, so the same news coming again changes nothing.
 */
export class AlertHistory {
  readonly #maxIncidents: number
  readonly #incidents: Incident[]

  constructor({ maxIncidents = DEFAULT_MAX_INCIDENTS, incidents = [] }: HistoryOptions = {}) {
    this.#maxIncidents = maxIncidents
    this.#incidents = incidents.map((incident) => ({ ...incident }))
  }

  /**
   * Takes one delivery.
   * @returns incidents that began or ended with it
   */
  receive(alerts: readonly PostedAlert[], nowMs: number): readonly Incident[] {
    const changed = alerts.flatMap((alert) => this.#receiveOne(alert, nowMs) ?? [])
    this.#forget()
    return changed
  }

  /** Ends what has not been repeated in time: its sender is gone. */
  expire(nowMs: number): readonly Incident[] {
    const expired = this.firing().filter(({ expiresAtMs }) => expiresAtMs <= nowMs)
    for (const incident of expired) end(incident, incident.expiresAtMs, 'expired')
    return expired
  }

  /** Every incident, oldest page first. */
  all(): readonly Incident[] {
    return this.#incidents
  }

  firing(): readonly Incident[] {
    return this.#incidents.filter(({ resolvedAtMs }) => resolvedAtMs === undefined)
  }

  #receiveOne(alert: PostedAlert, nowMs: number): Incident | undefined {
    const fingerprint = fingerprintOf(alert.labels)
    const latest = this.#incidents.findLast((incident) => incident.fingerprint === fingerprint)
    const open = latest?.resolvedAtMs === undefined ? latest : undefined
    if (alert.endsAt <= nowMs) {
      // An alert that ended before this pager heard of it paged nobody.
      if (open === undefined || alert.startsAt < open.startsAtMs) return undefined
      return end(open, nowMs, 'reported')
    }
    if (open !== undefined) {
      open.annotations = alert.annotations
      open.expiresAtMs = Math.max(open.expiresAtMs, alert.endsAt)
      return undefined
    }
    // This delivery was overtaken by the one that ended its alert.
    if (latest?.resolution === 'reported' && alert.startsAt <= latest.startsAtMs) return undefined
    const incident: Incident = {
      fingerprint,
      labels: alert.labels,
      annotations: alert.annotations,
      startsAtMs: alert.startsAt,
      firedAtMs: nowMs,
      expiresAtMs: alert.endsAt,
      generatorURL: alert.generatorURL,
    }
    this.#incidents.push(incident)
    return incident
  }

  #forget(): void {
    while (this.#incidents.length > this.#maxIncidents) {
      const ended = this.#incidents.findIndex(({ resolvedAtMs }) => resolvedAtMs !== undefined)
      this.#incidents.splice(Math.max(0, ended), 1)
    }
  }
}

function end(incident: Incident, atMs: number, resolution: NonNullable<Incident['resolution']>): Incident {
  incident.resolvedAtMs = atMs
  incident.resolution = resolution
  return incident
}

/** Identity of an alert: its labels, in whatever order they came. */
function fingerprintOf(given: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 16)
}
