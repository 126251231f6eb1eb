/**
 * Everyday traffic for hours: what grows without end shows only then, be it memory, connections, a table or a queue.
 * The thresholds are those of `steady`.
 */
import type { Options } from 'k6/options'
import { openModel, summaryTrendStats, systemTags } from './lib/load.ts'
import { healthyThresholds, openShop, type Shop, visitorMix } from './lib/mix.ts'
import { duration, ratePerSecond } from './lib/settings.ts'

export { handleSummary } from './lib/summary.ts'
export { browse, buy, search, view } from './lib/visits.ts'

const rate = ratePerSecond(15)

export const options: Options = {
  scenarios: openModel(visitorMix, rate, duration('2h')),
  thresholds: healthyThresholds(rate),
  systemTags,
  summaryTrendStats,
}

export const setup = (): Shop => openShop(rate)
