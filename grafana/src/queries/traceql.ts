/** Trace queries, within what both Tempo and the embedded store answer. */

/** Requests that failed or took as long as the sampler calls slow: all of them are stored. */
export const slowOrFailed = '{ kind = server && (status = error || duration >= 500ms) }'

/** The same, for the chosen service. */
export const slowOrFailedOfService =
  '{ resource.service.name = "$service" && kind = server && (status = error || duration >= 500ms) }'

/** Messages whose processing failed or took as long as the sampler calls slow. */
export const slowOrFailedMessages = '{ kind = consumer && (status = error || duration >= 500ms) }'

/** Messages that are stored: the trace of each begins before the broker and ends behind it. */
export const storedMessages = '{ kind = consumer }'

/** Requests of the chosen service that are stored. */
export const requestsOfService = '{ resource.service.name = "$service" && kind = server }'
