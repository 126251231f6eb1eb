import { randomBytes } from 'node:crypto'
import { Agent, request } from 'undici'

/** A request that can be sent. */
export interface ConcreteRequest {
  readonly method: 'GET' | 'POST'
  readonly route: string
  /** Path with the query. */
  readonly path: string
  readonly body?: string | undefined
  /** Carries the token of verify's user. */
  readonly signedIn?: boolean
  readonly headers?: Readonly<Record<string, string>>
  /** `read`, the default, changes nothing; `order` is a step of verify's own order. */
  readonly purpose?: 'read' | 'order'
}

/** A request of verify's own and what became of it. */
export interface SentRequest extends Required<Pick<ConcreteRequest, 'method' | 'route' | 'purpose'>> {
  readonly traceId: string
  /** The caller's span, of which only the context exists. */
  readonly spanId: string
  readonly requestId: string
  /** Epoch ms. */
  readonly startMs: number
  /** HTTP status, or undefined without an answer. */
  readonly status: number | undefined
  /** Why there was no answer. */
  readonly error: string | undefined
}

/** A request and the JSON of its answer. */
export interface AnsweredRequest extends SentRequest {
  readonly body: unknown
}

/** A marker for one run of verify. */
export function newMarker(): string {
  return `verify-${randomBytes(4).toString('hex')}`
}

/**
 * Distinguishes a request of verify's own from all others: by ids that only it has, and by the trace state that asks
 * every service to have the trace kept.
 */
export function markRequest(marker: string, index: number) {
  const traceId = randomBytes(16).toString('hex')
  /** The parent of the first span. */
  const spanId = randomBytes(8).toString('hex')
  /** Logged by the services. */
  const requestId = `${marker}-${index}`
  return {
    traceId,
    spanId,
    requestId,
    headers: {
      traceparent: `00-${traceId}-${spanId}-01`,
      tracestate: 'faultline=keep',
      'x-request-id': requestId,
      'user-agent': `faultline-verify (${marker})`,
    },
  }
}

const REQUEST_TIMEOUT_MS = 10_000
/** Few enough to stay far below what load shedding lets through. */
export const CONCURRENCY = 5

/** Sends marked requests to the gateway and remembers them. */
export class Sender {
  readonly marker = newMarker()
  /** All so far, in order. */
  readonly sent: SentRequest[] = []
  /** Of verify's user, once it has signed in. */
  session: { readonly accessToken: string; readonly scopes: ReadonlySet<string> } | undefined
  #next = 0
  readonly #agent = new Agent({ connections: CONCURRENCY, connect: { timeout: 5_000 } })
  readonly #gateway: string
  readonly #signal: AbortSignal

  constructor(gateway: string, signal: AbortSignal) {
    this.#gateway = gateway
    this.#signal = signal
  }

  /** How many requests have been begun. */
  get begun(): number {
    return this.#next
  }

  /** Rejects only when the signal ends it. */
  async send(concrete: ConcreteRequest): Promise<AnsweredRequest> {
    const { headers, ...ids } = markRequest(this.marker, this.#next++)
    const { method, route, purpose = 'read' } = concrete
    const begun = { ...ids, method, route, purpose, startMs: Date.now() }
    const { body, ...outcome } = await this.#answerTo(concrete, headers)
    const request = { ...begun, ...outcome }
    this.sent.push(request)
    return { ...request, body }
  }

  async #answerTo(
    { method, path, body, signedIn = false, headers }: ConcreteRequest,
    mark: Readonly<Record<string, string>>,
  ): Promise<Pick<AnsweredRequest, 'status' | 'error' | 'body'>> {
    try {
      const response = await request(new URL(path, this.#gateway), {
        method,
        dispatcher: this.#agent,
        signal: AbortSignal.any([this.#signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
        headers: {
          ...mark,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(signedIn && this.session ? { authorization: `Bearer ${this.session.accessToken}` } : {}),
          ...headers,
        },
        body: body ?? null,
      })
      const text = await response.body.text()
      const isJson = /\bjson\b/.test(String(response.headers['content-type']))
      return { status: response.statusCode, error: undefined, body: isJson ? JSON.parse(text) : undefined }
    } catch (error) {
      this.#signal.throwIfAborted()
      const message = error instanceof Error ? error.message : String(error)
      return { status: undefined, error: message, body: undefined }
    }
  }
}
