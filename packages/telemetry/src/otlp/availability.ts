/** What an outage is told to; pino's logger is one. */
export interface OutageLogger {
  warn(fields: object, message: string): void
  info(fields: object, message: string): void
}

/** Says once that telemetry does not get through, and once that it does again. */
export class AvailabilityLog {
  readonly #logger: OutageLogger
  readonly #sinceByTarget = new Map<string, number>()

  constructor(logger: OutageLogger) {
    this.#logger = logger
  }

  /** @param detail `HTTP 404` and the like, or the name of a network error */
  onUnavailable(url: string, detail: string): void {
    // An answer speaks for one signal's address, no answer for the whole endpoint.
    const target = detail.startsWith('HTTP ') ? url : new URL(url).origin
    if (this.#sinceByTarget.has(target)) return
    this.#sinceByTarget.set(target, Date.now())
    this.#logger.warn(
      { 'url.full': target, 'error.type': detail },
      'telemetry does not get through; it is kept for a while, then dropped and counted',
    )
  }

  onAvailable(url: string): void {
    if (this.#sinceByTarget.size === 0) return
    for (const target of [url, new URL(url).origin]) {
      const since = this.#sinceByTarget.get(target)
      if (since === undefined) continue
      this.#sinceByTarget.delete(target)
      const outageSeconds = (Date.now() - since) / 1e3
      this.#logger.info({ 'url.full': target, outageSeconds }, 'telemetry gets through again')
    }
  }
}
