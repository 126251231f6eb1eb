/** The backends that this package asks. */
export type BackendName = 'prometheus' | 'loki' | 'tempo' | 'pyroscope' | 'grafana'

/** What an error says about the call that failed. */
export interface FailedCall {
  readonly backend: BackendName
  /** Method and address without the query. */
  readonly target: string
  /** The query in the backend's own language, or the operation where there is none. */
  readonly query: string
}

/** Base of every error of this package: which backend, what it was asked. */
export abstract class BackendError extends Error implements FailedCall {
  readonly backend: BackendName
  readonly target: string
  readonly query: string

  constructor(call: FailedCall, what: string, options?: ErrorOptions) {
    super(`${call.backend} ${what} (${call.target}, query: ${call.query})`, options)
    this.backend = call.backend
    this.target = call.target
    this.query = call.query
  }
}

/** No answer: connection refused or reset, name unknown, or nothing within the deadline. */
export class BackendUnreachable extends BackendError {
  override readonly name = 'BackendUnreachable'
  /** True when the backend took the connection or might have, but the deadline passed. */
  readonly timedOut: boolean

  constructor(call: FailedCall, reason: { timedOutAfterMs: number } | { cause: unknown }) {
    if ('timedOutAfterMs' in reason) {
      super(call, `gave no answer within ${reason.timedOutAfterMs} ms`)
    } else {
      super(call, `is not reachable: ${describeCause(reason.cause)}`, { cause: reason.cause })
    }
    this.timedOut = 'timedOutAfterMs' in reason
  }
}

/** The backend answered with a status other than 2xx. */
export class BackendRefused extends BackendError {
  override readonly name = 'BackendRefused'
  /** HTTP status of the answer. */
  readonly status: number
  /** The answer's body as it came. */
  readonly body: string

  constructor(call: FailedCall, status: number, body: string) {
    super(call, `refused with status ${status}: ${reasonFromBody(body)}`)
    this.status = status
    this.body = body
  }
}

/** The backend answered 2xx with something that its API does not say it answers. */
export class BackendAnswerInvalid extends BackendError {
  override readonly name = 'BackendAnswerInvalid'
  /** What is wrong with the answer and where. */
  readonly reason: string

  constructor(call: FailedCall, reason: string, options?: ErrorOptions) {
    super(call, `gave an answer that is not understood: ${reason}`, options)
    this.reason = reason
  }
}

const MAX_REASON_LENGTH = 500

/** Prometheus says `error`, Connect (Pyroscope) and Grafana say `message`, Loki and Tempo say it in plain text. */
function reasonFromBody(body: string): string {
  const text = body.trim()
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null) {
      const { error, message } = parsed as { error?: unknown; message?: unknown }
      if (typeof error === 'string') return error
      if (typeof message === 'string') return message
    }
  } catch {
    // Plain text, which is a reason as it stands.
  }
  return text === '' ? 'empty body' : text.slice(0, MAX_REASON_LENGTH)
}

/** A failed connection to a name with several addresses is an AggregateError whose own message is empty. */
function describeCause(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '') {
    return cause.errors.map(describeCause).join('; ')
  }
  return cause instanceof Error ? cause.message : String(cause)
}
