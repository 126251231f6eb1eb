import type { IncomingHttpHeaders } from 'node:http'
import { type Dispatcher, errors } from 'undici'
import type { DependencyFailure } from '../app/problem.ts'

/** A call to a dependency did not succeed, after whatever retries were allowed. */
export class DependencyError extends Error {
  override readonly name = 'DependencyError'
  readonly dependency: string
  readonly failure: DependencyFailure

  constructor(dependency: string, failure: DependencyFailure, cause?: unknown) {
    super(`${dependency}: ${failure}`, { cause })
    this.dependency = dependency
    this.failure = failure
  }
}

/** An answer of a dependency, with its body read to the end. */
export interface HttpAnswer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path and query. */
  path: string
  headers?: Readonly<Record<string, string>>
  body?: string
  /** How the answer's bytes become its text; `latin1` keeps every byte, for answers that are no text. */
  encoding?: 'utf8' | 'latin1'
}

/** How one attempt ended: with an answer below 500, or with a failure. */
export type Outcome =
  | { readonly answer: HttpAnswer; readonly failure?: undefined }
  | {
      readonly failure: DependencyFailure
      readonly cause?: unknown
      /** Whether another attempt may do better: not when the dependency did the work and failed at it. */
      readonly retryable: boolean
    }

/**
 * Sends a request once, to the given replica, and waits for the answer no longer than the given time. Never throws:
 * a failure is an outcome.
 */
export async function attempt(
  replica: Dispatcher,
  request: HttpRequest,
  timeoutMs: number,
): Promise<Outcome> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), timeoutMs)
  try {
    const { statusCode, headers, body } = await replica.request({
      method: request.method,
      path: request.path,
      headers: request.headers ?? {},
      body: request.body ?? null,
      signal: controller.signal,
    })
    const text = request.encoding === 'latin1' ? await latin1(body) : await body.text()
    return outcomeOf({ status: statusCode, headers, body: text })
  } catch (cause) {
    if (controller.signal.aborted) return { failure: 'timeout', cause, retryable: true }
    if (cause instanceof errors.ResponseExceededMaxSizeError) {
      return { failure: 'invalid_answer', cause, retryable: false }
    }
    return { failure: 'connection_failed', cause, retryable: true }
  } finally {
    clearTimeout(timer)
  }
}

async function latin1(body: Dispatcher.ResponseData['body']): Promise<string> {
  return Buffer.from(await body.arrayBuffer()).toString('latin1')
}

function outcomeOf(answer: HttpAnswer): Outcome {
  const { status } = answer
  if (status < 500) return { answer }
  if (status === 503) return { failure: 'unavailable', retryable: true }
  if (status === 504) return { failure: 'timeout', retryable: false }
  return { failure: 'error_answer', cause: new Error(`answered ${status}`), retryable: false }
}
