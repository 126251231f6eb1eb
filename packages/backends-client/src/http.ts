import { Agent, type Dispatcher, request } from 'undici'
import type * as z from 'zod'
import {
  BackendAnswerInvalid,
  type BackendName,
  BackendRefused,
  BackendUnreachable,
  type FailedCall,
} from './errors.ts'

/** How to reach a backend. */
export interface BackendOptions {
  /** Address of the API's root, e.g. `http://127.0.0.1:9090`; a path in it is kept. */
  readonly baseUrl: string
  /** Deadline of a call that sets none, in ms. Default 10 000. */
  readonly timeoutMs?: number
  /** Sent with every request, e.g. `authorization` or `x-scope-orgid`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Connection pool to use instead of the package's own. */
  readonly dispatcher?: Dispatcher
}

/** What every call takes besides its own arguments. */
export interface CallOptions {
  /** Ends the call; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Deadline of this call in ms, headers and body together. */
  readonly timeoutMs?: number | undefined
}

/** Parameters of a request; a list is sent as the same name several times, undefined is left out. */
export type Parameters = Readonly<Record<string, string | readonly string[] | undefined>>

export interface BackendRequest {
  readonly path: string
  /** The query in words for people: stands in errors. */
  readonly query: string
  /** In the address. */
  readonly parameters?: Parameters
  /** Sent as a form, which has no limit of length. */
  readonly form?: Parameters
  /** Sent as JSON. */
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface BackendHttp {
  /** Answer's body, parsed as JSON and by `schema`. */
  json<T>(request: BackendRequest, schema: z.ZodType<T>, options?: CallOptions): Promise<T>
  /** Answer's body as it is. */
  text(request: BackendRequest, options?: CallOptions): Promise<string>
}

const DEFAULT_TIMEOUT_MS = 10_000
/** A query that matches far more than was meant fails instead of filling the memory. */
const MAX_RESPONSE_BYTES = 256 * 1024 * 1024

/** Idle connections do not keep the process alive, so nobody has to close this. */
const sharedAgent = new Agent({ connect: { timeout: 5_000 }, maxResponseSize: MAX_RESPONSE_BYTES })

/** One way to ask a backend: deadline, cancellation, validation, and errors that say what was asked. */
export function createBackendHttp(backend: BackendName, options: BackendOptions): BackendHttp {
  const root = options.baseUrl.endsWith('/') ? options.baseUrl : `${options.baseUrl}/`

  function address(asked: BackendRequest): { url: URL; method: 'GET' | 'POST'; failed: FailedCall } {
    const url = new URL(asked.path.replace(/^\//, ''), root)
    const method = asked.form === undefined && asked.json === undefined ? 'GET' : 'POST'
    const failed = { backend, target: `${method} ${url.href}`, query: asked.query }
    for (const [name, value] of pairs(asked.parameters)) url.searchParams.append(name, value)
    return { url, method, failed }
  }

  async function text(asked: BackendRequest, call: CallOptions = {}): Promise<string> {
    call.signal?.throwIfAborted()
    const { url, method, failed } = address(asked)
    const timeoutMs = call.timeoutMs ?? options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    const deadline = AbortSignal.timeout(timeoutMs)
    try {
      const response = await request(url, {
        method,
        dispatcher: options.dispatcher ?? sharedAgent,
        signal: call.signal === undefined ? deadline : AbortSignal.any([call.signal, deadline]),
        headers: { accept: 'application/json', ...contentType(asked), ...options.headers, ...asked.headers },
        body: body(asked),
      })
      const answer = await response.body.text()
      if (response.statusCode < 200 || response.statusCode > 299) {
        throw new BackendRefused(failed, response.statusCode, answer)
      }
      return answer
    } catch (error) {
      if (error instanceof BackendRefused) throw error
      call.signal?.throwIfAborted()
      if (deadline.aborted) throw new BackendUnreachable(failed, { timedOutAfterMs: timeoutMs })
      throw new BackendUnreachable(failed, { cause: error })
    }
  }

  async function json<T>(asked: BackendRequest, schema: z.ZodType<T>, call?: CallOptions): Promise<T> {
    const answer = await text(asked, call)
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
  return Object.entries(parameters).flatMap(([name, value]): [string, string][] => {
    if (value === undefined) return []
    return typeof value === 'string' ? [[name, value]] : value.map((one) => [name, one])
  })
}
