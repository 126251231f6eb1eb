import type { Context, Middleware } from 'koa'
import type { Logger } from 'pino'
import { MalformedError, TooLargeError } from '../otlp/batch.ts'
import { OverloadedError, StorageUnavailableError } from '../segments/errors.ts'

/** A request that the API refuses, with the status that says why. */
export class RequestError extends Error {
  override readonly name: string = 'RequestError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** An answer for an error, before it is put into the form of one of the APIs. */
export interface Failure {
  readonly status: number
  readonly message: string
  readonly retryAfterSeconds?: number
}

/** What an error means to the caller. Unknown errors are the store's own fault and tell nothing. */
export function failureOf(error: unknown): Failure {
  if (error instanceof OverloadedError) {
    return { status: 429, message: error.message, retryAfterSeconds: error.retryAfterSeconds }
  }
  if (error instanceof StorageUnavailableError) {
    return { status: 503, message: error.message, retryAfterSeconds: error.retryAfterSeconds }
  }
  if (error instanceof RequestError) return { status: error.status, message: error.message }
  if (error instanceof TooLargeError) return { status: 413, message: error.message }
  if (error instanceof MalformedError) return { status: error.status, message: error.message }
  return { status: 500, message: 'internal error' }
}

/** Writes a failure in the form of one API. */
export type FailureWriter = (context: Context, failure: Failure) => void

/** Plain text, as Tempo answers. */
export const writePlainFailure: FailureWriter = (context, { status, message }) => {
  context.status = status
  context.type = 'text/plain'
  context.body = message
}

/** Turns errors of everything behind it into answers; what is the store's own fault is logged. */
export function answerErrors(logger: Logger, write: FailureWriter): Middleware {
  return async (context, next) => {
    try {
      await next()
    } catch (error) {
      const failure = failureOf(error)
      if (failure.status >= 500) logger.error({ err: error, path: context.path }, 'request failed')
      else logger.debug({ path: context.path, status: failure.status }, failure.message)
      if (failure.retryAfterSeconds !== undefined)
        context.set('Retry-After', String(failure.retryAfterSeconds))
      write(context, failure)
    }
  }
}
