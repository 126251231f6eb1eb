import { buy } from './buyer.ts'
import { latencyThresholds, type RouteLimits, type Share } from './load.ts'
import { chance, seedIteration } from './random.ts'
import { type SignedIn, signInPool } from './sessions.ts'
import { buyerShare } from './settings.ts'
import { browse, type Programme, readProgramme, search, view } from './visitors.ts'

/** What `setup` finds out for all virtual users. */
export interface Shop {
  readonly programme: Programme
  readonly sessions: readonly SignedIn[]
}

const lookers = 1 - buyerShare
/** A visit of a buyer with its pauses, in seconds. */
const buyerSeconds = 6

/** Who comes: most look, some buy. */
export const visitorMix: Readonly<Record<string, Share>> = {
  browse: { exec: 'browse', share: 0.4 * lookers },
  search: { exec: 'search', share: 0.2 * lookers },
  view: { exec: 'view', share: 0.4 * lookers },
  ...(buyerShare > 0 && { buy: { exec: 'buy', share: buyerShare, seconds: buyerSeconds } }),
}

/** Mean time that an iteration of the mix takes, in seconds, when the shop is quick. */
export const mixSeconds = buyerShare * buyerSeconds + lookers * 0.5

/** What each route of the mix is held to: 95 % within this many milliseconds. */
export const healthyLatency: RouteLimits = {
  concerts: 500,
  concert: 250,
  seats: 250,
  venues: 250,
  venue: 250,
  availability: 250,
}

const buyerLatency: RouteLimits = buyerShare > 0 ? { reserve: 500, pay: 2_000, ticket: 500 } : {}

/** What holds in a healthy shop under a load that it is made for. */
export const healthyThresholds = (iterationsPerSecond: number): Record<string, string[]> => ({
  http_req_failed: ['rate<0.01'],
  checks: ['rate>0.99'],
  // Load that was not offered was not withstood.
  dropped_iterations: [`rate<${iterationsPerSecond * 0.05}`],
  ...latencyThresholds({ ...healthyLatency, ...buyerLatency }),
  ...(buyerShare > 0 && { time_to_ticket: ['p(95)<5000'], tickets_delivered: ['rate>0.99'] }),
})

/** @param iterationsPerSecond by which the pool of signed-in users is sized */
export function openShop(iterationsPerSecond: number): Shop {
  const buyers = Math.ceil(iterationsPerSecond * buyerShare * buyerSeconds)
  return { programme: readProgramme(200), sessions: buyers > 0 ? signInPool(buyers) : [] }
}

/** One visit of a random kind, in the shares of the mix: for scenarios whose rate changes. */
export function visitSomehow({ programme, sessions }: Shop): void {
  seedIteration()
  if (chance(buyerShare)) buy(programme, sessions)
  else if (chance(0.4)) browse()
  else if (chance(1 / 3)) search(programme)
  else view(programme)
}
