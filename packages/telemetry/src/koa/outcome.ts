import type { ServerResponse } from 'node:http'
import { CLIENT_ABORT } from '../metrics/client-abort.ts'
import { readText } from '../spans/record-error.ts'

/** How a request ended, as span, metric and access line tell it. */
export interface Outcome {
  /** Undefined when the client left before there was an answer. */
  readonly statusCode: number | undefined
  readonly errorType: string | undefined
}

/**
 * A client that leaves before the answer gets no status, and Koa's first guess, 404, is none. What would have been a
 * failure stays one: the handler had thrown or said 5xx.
 * @param error what was thrown below, if anything
 */
export function outcomeOf(
  { statusCode, headersSent, writableFinished }: ServerResponse,
  error: unknown,
): Outcome {
  // Koa answers an upload that ended in the middle with 500, to nobody.
  const isFailure = statusCode >= 500 && (writableFinished || headersSent || !isAbort(error))
  if (writableFinished || headersSent || isFailure) {
    if (isFailure) return { statusCode, errorType: nameOf(error) ?? String(statusCode) }
    return { statusCode, errorType: writableFinished ? undefined : CLIENT_ABORT }
  }
  const wouldBe = error === undefined || isAbort(error) ? 0 : statusOf(error)
  if (wouldBe < 500) return { statusCode: undefined, errorType: CLIENT_ABORT }
  return { statusCode: wouldBe, errorType: nameOf(error) ?? String(wouldBe) }
}

/** Work that was given up because the client had left, or an upload that ended in the middle. */
function isAbort(error: unknown): boolean {
  return readText(error, 'name') === 'AbortError' || readText(error, 'code') === 'ECONNRESET'
}

/** The status that Koa makes of an error. */
function statusOf(error: unknown): number {
  try {
    const { status, statusCode } = Object(error) as { status?: unknown; statusCode?: unknown }
    const own = status ?? statusCode
    return typeof own === 'number' && own >= 400 && own < 600 ? own : 500
  } catch {
    return 500
  }
}

function nameOf(error: unknown): string | undefined {
  const name = error instanceof Error ? readText(error, 'name') : undefined
  return name === 'Error' ? undefined : name
}
