/** `npm run telemetry:generate`: the names that dashboards are written with, `grafana/src/generated/signals.ts`. */
import { writeFileSync } from 'node:fs'
import { entityLabels, groups, logLabels, metricsOf, ROOT } from './registry.ts'

export const SIGNALS_PATH = 'grafana/src/generated/signals.ts'

const list = (names: readonly string[]): string => `[${names.map((name) => `'${name}'`).join(', ')}]`

/** The module's text. */
export function signalsModule(): string {
  const metrics = metricsOf(groups).map(
    ({ storedName, kind, labels }) => `  '${storedName}': { kind: '${kind}', labels: ${list(labels)} },`,
  )
  return `// Written by \`npm run telemetry:generate\` from telemetry/registry.

/** What a metric is; a histogram stands for its \`_bucket\`, \`_sum\` and \`_count\` series. */
export interface Metric {
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
}

/** Labels of everything that is scraped: the service and the replica. */
export const instanceLabels = ${list(entityLabels['service.instance'])} as const

/** Every metric that a dashboard may ask for, and the labels it has. */
export const metrics = {
${metrics.join('\n')}
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof metrics

/** Names of the metrics that are histograms. */
export type HistogramName = {
  [Name in MetricName]: (typeof metrics)[Name]['kind'] extends 'histogram' ? Name : never
}[MetricName]

/** Loki labels and structured metadata that a log query may use. */
export const logLabels: readonly string[] = ${list(logLabels())}
`
}

if (import.meta.main) writeFileSync(new URL(SIGNALS_PATH, ROOT), signalsModule())
