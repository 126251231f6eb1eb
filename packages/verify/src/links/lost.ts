import type { Found } from '../context.ts'

/**
 * Checks that explain a missing trace better than the sampler does: the services of whose spans none
 * reached the collector since verify began.
 */
export function lostBeforeSampler({ spansAtCollector }: Pick<Found, 'spansAtCollector'>): string[] {
  return [...spansAtCollector]
    .filter(([, spans]) => spans === 0)
    .map(([service]) => `signal/${service}/traces`)
}
