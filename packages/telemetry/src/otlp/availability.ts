import type { Logger } from 'pino'

/** Says once that an endpoint does not take telemetry, and once that it does again. */
export class AvailabilityLog {
  readonly #logger: Logger
  readonly #away = new Map<string, { readonly since: number }>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  onUnavailable(url: string, detail: string): void {
    if (this.#away.has(url)) return
    this.#away.set(url, { since: Date.now() })
    this.#logger.warn(
      { 'server.address': url, 'error.type': detail },
      'telemetry endpoint does not answer; items are kept for a while, then dropped and counted',
    )
  }

  onAvailable(url: string): void {
    const outage = this.#away.get(url)
    if (!outage) return
    this.#away.delete(url)
    this.#logger.info(
      { 'server.address': url, outageSeconds: (Date.now() - outage.since) / 1e3 },
      'telemetry endpoint answers again',
    )
  }
}
