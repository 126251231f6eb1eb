/** The iterations of the mix, one a kind of visitor, as k6 wants them: exported by name, given what setup found out. */
import { buy as startBuying } from './buyer.ts'
import type { Shop } from './mix.ts'
import { seedIteration } from './random.ts'
import { browse as startBrowsing, search as startSearch, view as startView } from './visitors.ts'

export function browse(): void {
  seedIteration()
  startBrowsing()
}

export function search({ programme }: Shop): void {
  seedIteration()
  startSearch(programme)
}

export function view({ programme }: Shop): void {
  seedIteration()
  startView(programme)
}

export function buy({ programme, sessions }: Shop): void {
  seedIteration()
  startBuying(programme, sessions)
}
