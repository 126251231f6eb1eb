import type { Context } from 'koa'
import { Counter } from 'prom-client'
import type { Logger, MetricsRegistry } from '../telemetry-types.ts'
import type { ProblemError } from './problem.ts'

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
