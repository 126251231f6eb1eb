import { type FailureWriter, RequestError, writePlainFailure } from '../http/errors.ts'

/** HTTP status of the Connect codes that calls can end with. */
const STATUS = { invalid_argument: 400, unknown: 500, unimplemented: 501 } as const

/**
 * Error of a Connect call.
 *
 * @see https://connectrpc.com/docs/protocol/#error-codes
 */
export class ConnectError extends RequestError {
  override readonly name = 'ConnectError'

  constructor(code: keyof typeof STATUS, message: string) {
    super(STATUS[code], message)
  }
}

const CODES: Readonly<Record<number, string>> = {
  400: 'invalid_argument',
  413: 'resource_exhausted',
  415: 'invalid_argument',
  422: 'unknown',
  429: 'resource_exhausted',
  500: 'unknown',
  501: 'unimplemented',
  503: 'unavailable',
}

/** Writes a failure as a Connect unary error, JSON; what is no method of the API is none of Connect's either. */
export const writeConnectFailure: FailureWriter = (context, failure) => {
  const { status, message } = failure
  if (status === 404) {
    writePlainFailure(context, failure)
    return
  }
  if (status === 405) {
    context.status = status
    context.body = ''
    context.remove('Content-Type')
    return
  }
  context.status = status
  context.body = { code: CODES[status] ?? 'internal', message }
}
