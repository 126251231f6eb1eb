import { z } from 'zod'
import { fingerprintOf, type PostedAlert } from './alerts.ts'

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

export interface HistoryOptions {
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
      // one that ended before this pager heard of it paged nobody
      if (open === undefined || alert.startsAt < open.startsAtMs) return undefined
      return end(open, nowMs, 'reported')
    }
    if (open !== undefined) {
      open.annotations = alert.annotations
      open.expiresAtMs = Math.max(open.expiresAtMs, alert.endsAt)
      return undefined
    }
    // a delivery that was under way while the one that ended it overtook
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
