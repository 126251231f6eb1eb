import { Agent, type Dispatcher, request } from 'undici'
import type * as z from 'zod'

/** The backends that this package asks. */
export type BackendName = 'prometheus' | 'loki' | 'tempo' | 'pyroscope' | 'grafana'

/** What an error says about the call that failed. */
interface FailedCall {
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

/** How to reach a backend. */
export interface BackendOptions {
  /** Address of the API's root, e.g. `http://127.0.0.1:9090`; a path in it is kept. */
  readonly baseUrl: string
  /** Deadline of each call, headers and body together, in ms. Default 10 000. */
  readonly timeoutMs?: number
  /** Ends all calls; they then reject with the signal's reason. */
  readonly signal?: AbortSignal
  /** Connection pool to use instead of the package's own. */
  readonly dispatcher?: Dispatcher
}

/** Parameters of a request; undefined is left out. */
type Parameters = Readonly<Record<string, string | undefined>>

export interface BackendRequest {
  readonly path: string
  /** The query in words for people, for errors. */
  readonly query: string
  /** In the address. */
  readonly parameters?: Parameters
  /** Sent as a form, which has no limit of length. */
  readonly form?: Parameters
  /** Sent as JSON. */
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

const DEFAULT_TIMEOUT_MS = 10_000
/** A query that matches far more than was meant fails instead of filling the memory. */
const MAX_RESPONSE_BYTES = 256 * 1024 * 1024

/** Idle connections do not keep the process alive, so nobody has to close this. */
const sharedAgent = new Agent({ connect: { timeout: 5_000 }, maxResponseSize: MAX_RESPONSE_BYTES })

/** One way to ask a backend: deadline, cancellation, validation, and errors that say what was asked. */
export function createBackendHttp(backend: BackendName, options: BackendOptions) {
  const { baseUrl, timeoutMs = DEFAULT_TIMEOUT_MS, signal, dispatcher = sharedAgent } = options
  const root = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`

  function address(asked: BackendRequest): { url: URL; method: 'GET' | 'POST'; failed: FailedCall } {
    const url = new URL(asked.path.replace(/^\//, ''), root)
    const method = asked.form === undefined && asked.json === undefined ? 'GET' : 'POST'
    const failed = { backend, target: `${method} ${url.href}`, query: asked.query }
    for (const [name, value] of pairs(asked.parameters)) url.searchParams.append(name, value)
    return { url, method, failed }
  }

  /** The answer's body as it is. */
  async function text(asked: BackendRequest): Promise<string> {
    signal?.throwIfAborted()
    const { url, method, failed } = address(asked)
    const deadline = AbortSignal.timeout(timeoutMs)
    try {
      const response = await request(url, {
        method,
        dispatcher,
        signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
        headers: { accept: 'application/json', ...contentType(asked), ...asked.headers },
        body: body(asked),
      })
      const answer = await response.body.text()
      if (response.statusCode < 200 || response.statusCode > 299) {
        throw new BackendRefused(failed, response.statusCode, answer)
      }
      return answer
    } catch (error) {
      if (error instanceof BackendRefused) throw error
      signal?.throwIfAborted()
      if (deadline.aborted) throw new BackendUnreachable(failed, { timedOutAfterMs: timeoutMs })
      throw new BackendUnreachable(failed, { cause: error })
    }
  }

  /** The answer's body, parsed as JSON and by `schema`. */
  async function json<T>(asked: BackendRequest, schema: z.ZodType<T>): Promise<T> {
    const answer = await text(asked)
    const { failed } = address(asked)
    let parsed: unknown
    try {
      parsed = JSON.parse(answer)
    } catch (error) {
      throw new BackendAnswerInvalid(failed, `not JSON: ${answer.slice(0, 200)}`, { cause: error })
    }
    const validated = schema.safeParse(parsed)
    if (validated.success) return validated.data
    const issues = validated.error.issues.map(
      (issue) => `${issue.path.join('.') || 'answer'}: ${issue.message}`,
    )
    throw new BackendAnswerInvalid(failed, issues.slice(0, 5).join('; '), { cause: validated.error })
  }

  return { json, text }
}

function contentType(asked: BackendRequest): Record<string, string> {
  if (asked.json !== undefined) return { 'content-type': 'application/json' }
  if (asked.form !== undefined) return { 'content-type': 'application/x-www-form-urlencoded' }
  return {}
}

function body(asked: BackendRequest): string | null {
  if (asked.json !== undefined) return JSON.stringify(asked.json)
  if (asked.form !== undefined) return new URLSearchParams(pairs(asked.form)).toString()
  return null
}

function pairs(parameters: Parameters = {}): [string, string][] {
  return Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
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
