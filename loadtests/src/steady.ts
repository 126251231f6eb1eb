/**
 * Everyday traffic: visitors browse, search and view at a steady rate. What dashboards, objectives and drills take as
 * the healthy state, so a run that fails its thresholds says that the shop is not healthy or the machine too small.
 */
import type { Options } from 'k6/options'
import { latencyThresholds, openModel, summaryTrendStats, systemTags } from './lib/load.ts'
import { seedIteration } from './lib/random.ts'
import { duration, ratePerSecond } from './lib/settings.ts'
import {
  type Programme,
  readProgramme,
  browse as startBrowsing,
  search as startSearch,
  view as startView,
} from './lib/visitors.ts'

export { handleSummary } from './lib/summary.ts'

// About 75 requests per second: below half of two cores with all four signals on.
const rate = ratePerSecond(30)

export const options: Options = {
  scenarios: openModel(
    {
      browse: { exec: 'browse', share: 0.4 },
      search: { exec: 'search', share: 0.2 },
      view: { exec: 'view', share: 0.4 },
    },
    rate,
    duration('10m'),
  ),
  thresholds: {
    http_req_failed: ['rate<0.01'],
    checks: ['rate>0.99'],
    // Load that was not offered was not withstood.
    dropped_iterations: [`rate<${rate * 0.05}`],
    ...latencyThresholds({
      concerts: 500,
      concert: 250,
      seats: 250,
      venues: 250,
      venue: 250,
      availability: 250,
    }),
  },
  systemTags,
  summaryTrendStats,
}

export const setup = (): Programme => readProgramme(200)

export function browse(): void {
  seedIteration()
  startBrowsing()
}

export function search(programme: Programme): void {
  seedIteration()
  startSearch(programme)
}

export function view(programme: Programme): void {
  seedIteration()
  startView(programme)
}
