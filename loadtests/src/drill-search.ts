/**
 * What the drills of the catalog run under: people who page through the programme, and a few who look at one concert.
 * Little on purpose: the list is read so seldom that the machine idles, so whatever goes wrong is the fault's doing.
 */
import type { Options } from 'k6/options'
import { getConcert, listConcerts } from './lib/api.ts'
import { openModel, summaryTrendStats, systemTags } from './lib/load.ts'
import { pick, seedIteration } from './lib/random.ts'
import { duration, ratePerSecond } from './lib/settings.ts'
import { type Programme, readProgramme } from './lib/visitors.ts'

export { handleSummary } from './lib/summary.ts'

export const options: Options = {
  scenarios: openModel(
    { list: { exec: 'list', share: 0.7 }, view: { exec: 'view', share: 0.3 } },
    ratePerSecond(4),
    duration('5m'),
  ),
  systemTags,
  summaryTrendStats,
}

export const setup = (): Programme => readProgramme(50)

export function list(): void {
  seedIteration()
  listConcerts({ limit: 20 })
}

export function view(programme: Programme): void {
  seedIteration()
  const concert = pick(programme)
  if (concert) getConcert(concert.id)
}
