/**
 * The end-of-test summary: a short text for people, and k6's own data as JSON for tools.
 * Written here because k6's ready-made text for `handleSummary` is a module on the network.
 */
import { type Route, routes } from './routes.ts'
import { summaryPath } from './settings.ts'

interface Metric {
  readonly values: Readonly<Record<string, number | undefined>>
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>
}

/** The part of k6's summary data that is read here. */
interface SummaryData {
  readonly metrics: Readonly<Record<string, Metric | undefined>>
  readonly setup_data?: unknown
}

/** The `http_req_duration` of one route, as k6 spells it in options and in the summary. */
export const routeLatency = (route: Route): string => `http_req_duration{name:${route}}`

const percent = (ratio = 0): string => `${(ratio * 100).toFixed(2)} %`
const perSecond = (rate = 0): string => `${rate.toFixed(1)}/s`
const milliseconds = (value = 0): string => value.toFixed(1).padStart(9)

function thresholdLines(metrics: SummaryData['metrics']): string[] {
  return Object.entries(metrics).flatMap(([name, metric]) =>
    Object.entries(metric?.thresholds ?? {}).map(
      ([expression, { ok }]) => `  ${ok ? '✓' : '✗'} ${name}  ${expression}`,
    ),
  )
}

function routeLines(metrics: SummaryData['metrics']): string[] {
  const lines = Object.values(routes).flatMap((route) => {
    const values = metrics[routeLatency(route)]?.values
    if (!values) return []
    const columns = ['med', 'p(95)', 'p(99)', 'max'].map((name) => milliseconds(values[name]))
    return [`  ${route.padEnd(38)}${columns.join('')}`]
  })
  if (lines.length === 0) return []
  const header = ['p50 ms', 'p95 ms', 'p99 ms', 'max ms'].map((name) => name.padStart(9)).join('')
  return ['', `  ${'route'.padEnd(38)}${header}`, ...lines]
}

/** Renders the summary as text, failed thresholds first in the closing line. */
export function summaryText({ metrics }: SummaryData): string {
  const requests = metrics.http_reqs?.values
  const iterations = metrics.iterations?.values
  const results = thresholdLines(metrics)
  const failed = results.filter((line) => line.startsWith('  ✗')).length
  return [
    '',
    `  requests    ${requests?.count ?? 0}, ${perSecond(requests?.rate)}, failed ${percent(metrics.http_req_failed?.values.rate)}`,
    `  iterations  ${iterations?.count ?? 0}, ${perSecond(iterations?.rate)}, dropped ${metrics.dropped_iterations?.values.count ?? 0}`,
    `  checks      ${percent(metrics.checks?.values.rate)} passed`,
    ...routeLines(metrics),
    '',
    ...results,
    '',
    failed === 0
      ? `  all ${results.length} thresholds held`
      : `  ${failed} of ${results.length} thresholds failed`,
    '',
  ].join('\n')
}

/** k6 calls this at the end of a test and writes each value of the answer to the file that its key names. */
export function handleSummary(data: SummaryData): Record<string, string> {
  const text = summaryText(data)
  if (!summaryPath) return { stdout: text }
  const { setup_data: _, ...measured } = data
  return { stdout: text, [summaryPath]: `${JSON.stringify(measured, null, 2)}\n` }
}
