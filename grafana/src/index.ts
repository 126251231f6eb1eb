import type { KitDashboard } from './dashboards/dashboard.ts'
import { messaging } from './dashboards/messaging.ts'
import { overview } from './dashboards/overview.ts'
import { security } from './dashboards/security.ts'
import { service } from './dashboards/service.ts'

export type { Expectation, KitDashboard } from './dashboards/dashboard.ts'
export { type Backend, backends, pluginIds } from './datasources.ts'
export { type MetricName, metrics } from './generated/signals.ts'
export type { EmptyWhen } from './panels/panel.ts'

/** Builds every dashboard of the kit, by the name of its file. */
export const buildDashboards = (): Readonly<Record<string, KitDashboard>> => ({
  overview: overview(),
  service: service(),
  messaging: messaging(),
  security: security(),
})
