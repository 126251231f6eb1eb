import { trace } from '@opentelemetry/api'
import type { Context, Middleware } from 'koa'
import { Counter } from 'prom-client'
import { DependencyError } from '../http-client/attempt.ts'
import type { Logger, MetricsRegistry } from '../telemetry-types.ts'
import { DeadlineExceededError } from './deadline.ts'
import {
  deadlineExceeded,
  dependencyFailed,
  internalError,
  methodNotAllowed,
  ProblemError,
  routeNotFound,
} from './problem.ts'

export interface ProblemsOptions {
  logger: Pick<Logger, 'error' | 'warn'>
  /** Told of every problem that is answered, before it is sent. */
  onProblem?: (problem: ProblemError, ctx: Context) => void
}

/**
 * Answers every error as `application/problem+json`: thrown problems as they are, anything else as a 500 that
 * says nothing of the inside, and what no route took as 404 or 405. Server errors are logged with their cause.
 */
export function problems(options: ProblemsOptions): Middleware {
  return async function problemsMiddleware(ctx, next) {
    try {
      await next()
      const unanswered = unansweredProblem(ctx)
      if (unanswered) answer(ctx, unanswered, options)
    } catch (error) {
      answer(ctx, asProblem(error), options)
    }
  }
}

/** What a router leaves behind when no route, or no method of it, took the request. */
function unansweredProblem(ctx: Context): ProblemError | undefined {
  if (ctx.body != null) return undefined
  if (ctx.status === 404) return routeNotFound(ctx.path)
  if (ctx.status === 405 || ctx.status === 501) return methodNotAllowed(ctx.method, ctx.response.get('allow'))
  return undefined
}

function asProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error
  if (error instanceof DependencyError) return dependencyFailed(error.dependency, error.failure, error.cause)
  if (error instanceof DeadlineExceededError) return deadlineExceeded(error)
  return internalError(error)
}

function answer(ctx: Context, problem: ProblemError, { logger, onProblem }: ProblemsOptions): void {
  if (problem.status >= 500) {
    logger[problem.status === 500 ? 'error' : 'warn'](
      { err: problem.cause ?? problem, 'problem.type': problem.type },
      problem.message,
    )
    // The telemetry middleware sees an answer, not an error: the cause is put on its span here.
    trace.getActiveSpan()?.recordException(problem.cause instanceof Error ? problem.cause : problem)
  }
  onProblem?.(problem, ctx)
  ctx.set(problem.headers)
  ctx.status = problem.status
  ctx.body = JSON.stringify(problem.body(ctx.path, requestIdOf(ctx)))
  ctx.type = 'application/problem+json'
}

function requestIdOf(ctx: Context): string {
  return typeof ctx.state.requestId === 'string' ? ctx.state.requestId : ''
}

export interface InputRejectionsOptions {
  logger: Pick<Logger, 'warn'>
  register: MetricsRegistry
}

/** Kinds of problem that say: the input is not what this service takes. The label's values, so the set is closed. */
const REJECTIONS: ReadonlySet<string> = new Set([
  'validation-failed',
  'invalid-cursor',
  'malformed-json',
  'incomplete-body',
  'body-too-large',
  'unsupported-media-type',
])

/** Wrong parts that one line names; a body may have thousands. */
const MAX_LOGGED_ERRORS = 5

/**
 * Counts and logs input that was rejected, as a security event: probing looks like this before it succeeds. What
 * was sent is left out, as it may be anything; where it was wrong is kept.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Logging_Vocabulary_Cheat_Sheet.html (input_validation_fail)
 */
export function inputRejections({ logger, register }: InputRejectionsOptions) {
  const rejections = new Counter({
    name: 'input_rejections_total',
    help: 'Requests rejected because their input is wrong, by kind of problem',
    labelNames: ['reason'],
    registers: [register],
  })
  for (const reason of REJECTIONS) rejections.inc({ reason }, 0)

  return (problem: ProblemError, ctx: Context): void => {
    if (!REJECTIONS.has(problem.type)) return
    rejections.inc({ reason: problem.type })
    logger.warn(
      {
        'event.name': 'security.input_validation_fail',
        'problem.type': problem.type,
        'http.request.method': ctx.method,
        'request.id': ctx.state.requestId,
        errors: problem.errors
          ?.slice(0, MAX_LOGGED_ERRORS)
          .map(({ location, pointer }) => `${location} ${pointer}`),
      },
      'input rejected',
    )
  }
}
