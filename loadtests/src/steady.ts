/**
 * Everyday traffic at a steady rate: visitors browse, search and view, and some buy. What dashboards, objectives and
 * drills take as the healthy state, so a run that fails its thresholds says that the shop is not healthy or the machine
 * too small.
 */
import type { Options } from 'k6/options'
import { openModel, summaryTrendStats, systemTags } from './lib/load.ts'
import { healthyThresholds, openShop, type Shop, visitorMix } from './lib/mix.ts'
import { duration, ratePerSecond } from './lib/settings.ts'

export { handleSummary } from './lib/summary.ts'
export { browse, buy, search, view } from './lib/visits.ts'

// About 80 requests per second: below half of two cores with all four signals on.
const rate = ratePerSecond(20)

export const options: Options = {
  scenarios: openModel(visitorMix, rate, duration('10m')),
  thresholds: healthyThresholds(rate),
  systemTags,
  summaryTrendStats,
}

export const setup = (): Shop => openShop(rate)
