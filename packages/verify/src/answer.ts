import { BackendError, BackendRefused, BackendUnreachable } from '@faultline/backends-client'

/** What a backend said, or why it said nothing: a judge decides on either without asking anything itself. */
export type Answer<T> = { readonly value: T } | { readonly error: BackendError }

/** Takes a failed call for an answer too. What is not a backend's failure is thrown on. */
export async function answerOf<T>(call: Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await call }
  } catch (error) {
    if (error instanceof BackendError) return { error }
    throw error
  }
}

/** The parts of a finding that a failed call determines. */
export function failedCall(error: BackendError): {
  status: 'fail'
  seen: string
  likelyCause: string
  nextStep: string
  explainedBy: readonly string[]
} {
  const component = error.backend
  return {
    status: 'fail',
    seen: error.message,
    likelyCause: causeOfFailedCall(error),
    nextStep: `faultline status, then faultline logs ${component}`,
    explainedBy: [`reach/${component}`],
  }
}

function causeOfFailedCall(error: BackendError): string {
  if (error instanceof BackendUnreachable) {
    return error.timedOut ? `${error.backend} is overloaded or stuck` : `${error.backend} does not run`
  }
  if (error instanceof BackendRefused) return `${error.backend} does not accept the query`
  return `${error.backend} is of another version than the client knows`
}
