import type { Service } from '../services/discover.ts'

/** With fewer requests of verify's own it is a matter of chance whether a service was sampled in one. */
const MIN_SPANS = 20

/**
 * The services that serve most of verify's own requests, not only an order's now and then. Undefined while too few
 * traces have been read to tell: what is decided then would leave out a service whose spans come a moment later.
 *
 * @param late no more traces are to be expected
 */
export function oftenReached(services: readonly Service[], late: boolean): Service[] | undefined {
  const busiest = Math.max(0, ...services.map(({ ownServerSpans }) => ownServerSpans))
  if (busiest < MIN_SPANS && !late) return undefined
  return services.filter(({ ownServerSpans }) => ownServerSpans > 0 && ownServerSpans >= busiest / 2)
}
