import { BackendError, BackendRefused, BackendUnreachable } from '@faultline/backends-client'

/** What a backend said, or why it said nothing: a judge decides on either without asking anything itself. */
export type CallResult<T> = { readonly value: T } | { readonly error: BackendError }

/** Takes a failed call for a result too. What is not a backend's failure is thrown on. */
export async function resultOf<T>(call: Promise<T>): Promise<CallResult<T>> {
  try {
    return { value: await call }
  } catch (error) {
    if (error instanceof BackendError) return { error }
    throw error
  }
}

export function valueOr<T>(result: CallResult<T> | undefined, otherwise: T): T {
  return result !== undefined && 'value' in result ? result.value : otherwise
}

/** The parts of a finding that a failed call determines. */
export function failedCall(error: BackendError) {
  const { backend, message } = error
  return {
    status: 'fail',
    seen: message,
    likelyCause: causeOfFailedCall(error),
    nextStep: `faultline status, then faultline logs ${backend}`,
    explainedBy: [`reach/${backend}`] as readonly string[],
  } as const
}

function causeOfFailedCall(error: BackendError): string {
  if (error instanceof BackendUnreachable) {
    return error.timedOut ? `${error.backend} is overloaded or stuck` : `${error.backend} does not run`
  }
  if (error instanceof BackendRefused) return `${error.backend} does not accept the query`
  return `${error.backend} is of another version than the client knows`
}
