/** Why a request is not served: the HTTP status and the message that its sender gets. */
export class Refusal extends Error {
  override readonly name: string = 'Refusal'
  readonly status: number
  /** When the sender should try again; undefined where that is of no use. */
  readonly retryAfterSeconds: number | undefined

  constructor(status: number, message: string, options: ErrorOptions & { retryAfterSeconds?: number } = {}) {
    super(message, options)
    this.status = status
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** More is waiting than the store may hold. */
export function overloaded(message: string): Refusal {
  return new Refusal(429, message, { retryAfterSeconds: 1 })
}

/** Something exists in the real backend, but not here. */
export function unsupported(what: string): Refusal {
  return new Refusal(400, `${what} is not supported by the embedded store`)
}
