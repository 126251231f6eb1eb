/** Colours mean the same on every panel: one for a service, one for an outcome; a quantile is a line style. */
import type { DynamicConfigValue, MatcherConfig } from '@grafana/grafana-foundation-sdk/dashboard'

/** A rule of a panel's field configuration. */
export interface Override {
  matcher: MatcherConfig
  properties: DynamicConfigValue[]
}

const colour = (fixedColor: string): DynamicConfigValue => ({
  id: 'color',
  value: { mode: 'fixed', fixedColor },
})

/** Rule for the series whose legend matches the regular expression. */
export const bySeries = (pattern: string, ...properties: DynamicConfigValue[]): Override => ({
  matcher: { id: 'byRegexp', options: `/${pattern}/` },
  properties,
})

/** Rule for the field of that exact name. */
export const byName = (name: string, ...properties: DynamicConfigValue[]): Override => ({
  matcher: { id: 'byName', options: name },
  properties,
})

/** A colour for each pattern of legends. */
const coloured = (byPattern: Readonly<Record<string, string>>): readonly Override[] =>
  Object.entries(byPattern).map(([pattern, name]) => bySeries(pattern, colour(name)))

const serviceColours: Readonly<Record<string, string>> = {
  gateway: 'blue',
  catalog: 'purple',
  booking: 'green',
  payments: 'yellow',
  'payment-provider': 'semi-dark-orange',
  ticketing: 'light-purple',
  nats: 'dark-green',
  postgresql: 'dark-yellow',
  collector: 'super-light-orange',
}

/** Colours of the kit's services, for legends that begin with the service's name. Others get one by their name. */
export const serviceOverrides: readonly Override[] = Object.entries(serviceColours).map(([service, fixed]) =>
  bySeries(`^${service}\\b(?!-)`, colour(fixed)),
)

/** Line style of what is a second reading of the solid line. */
export const dotted: DynamicConfigValue = { id: 'custom.lineStyle', value: { fill: 'dot', dash: [2, 6] } }

/** Line style by quantile, for legends that end with it: the slowest requests are the solid line. */
export const quantileOverrides: readonly Override[] = [
  bySeries('p50$', dotted),
  bySeries('p95$', { id: 'custom.lineStyle', value: { fill: 'dash', dash: [10, 6] } }),
]

/** Colours of quantiles where a panel shows a single thing. */
export const quantileColours = coloured({ p50$: 'green', p95$: 'yellow', p99$: 'orange' })

/** Colours of status codes by class. */
export const statusOverrides = coloured({ '^2': 'green', '^3': 'blue', '^4': 'yellow', '^5': 'red' })

/** Colours of the levels that Loki detects. */
export const levelOverrides = coloured({
  '^(fatal|critical)$': 'dark-red',
  '^error$': 'red',
  '^warn$': 'orange',
  '^info$': 'green',
  '^(debug|trace|unknown)$': 'text',
})

/** Colours of what a cache did. */
export const cacheOverrides = coloured({ hit$: 'green', stale$: 'yellow', miss$: 'orange' })

/** Series that are a limit, not a measurement: thin, grey, dashed. */
export const limitOverride: Override = bySeries(
  'limit$',
  colour('text'),
  { id: 'custom.lineStyle', value: { fill: 'dash', dash: [4, 4] } },
  { id: 'custom.fillOpacity', value: 0 },
)
