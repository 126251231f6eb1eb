import { type Answer, failedCall } from '../answer.ts'
import { LOAD_PREFIX } from '../load/judge-load.ts'
import type { Finding } from '../report/check.ts'
import { mostSimilar } from './similar.ts'

/** A metric that panels or rules read. */
export interface NeededMetric {
  /** Without the suffix of a histogram's series. */
  readonly name: string
  /** Who reads it, for people. */
  readonly readers: readonly string[]
  /** Metrics that a recording rule computes it from. */
  readonly computedFrom: readonly string[]
}

export interface MetricNamesEvidence {
  readonly query: string
  /** Names of all metrics with a sample since verify began. */
  readonly present: Answer<ReadonlySet<string>>
  /** Names of all metrics with a sample shortly before. */
  readonly before: ReadonlySet<string>
  readonly late: boolean
}

/** `x_bucket`, `x_sum`, `x_count` → `x`; a counter keeps its `_total`. */
export function baseName(series: string): string {
  return series.replace(/_(bucket|sum|count)$/, '')
}

/** Whether a metric that is drawn or computed with still comes under its name. */
export function judgeMetricName(
  needed: NeededMetric,
  { query, present, before, late }: MetricNamesEvidence,
): Finding {
  const { name, readers, computedFrom } = needed
  const finding = {
    id: `metric/${name}`,
    hop: 'metrics',
    expected: `samples of ${name} since verify began; read by ${describe(readers)}`,
    query,
    explainedBy: [
      'reach/collector',
      'reach/prometheus',
      'requests',
      ...computedFrom.map((source) => `metric/${source}`),
      ...madeFrom(name),
    ],
    final: late,
  } as const
  if ('error' in present) return { ...finding, ...failedCall(present.error) }
  if (present.value.has(name)) return { ...finding, status: 'pass', seen: 'present' }
  if (present.value.size === 0) {
    return {
      ...finding,
      status: 'fail',
      seen: 'no metric at all since verify began',
      likelyCause: 'the collector does not deliver metrics',
      nextStep: 'faultline logs collector',
    }
  }
  const fresh = [...present.value].filter((other) => !before.has(other))
  const similar = mostSimilar(name, fresh) ?? mostSimilar(name, [...present.value])
  const history = before.has(name) ? 'it was there before verify began' : 'it was not there before either'
  return {
    ...finding,
    status: 'fail',
    seen: `absent, while ${present.value.size} other metrics arrive; ${history}`,
    likelyCause:
      similar === undefined
        ? 'it was renamed, dropped, or nothing makes it'
        : `renamed? ${similar} is present`,
    nextStep: `look for it at /metrics of the services and in the metrics pipeline of collector/collector.yaml`,
  }
}

/** What metrics that no service makes stand or fall with. */
function madeFrom(name: string): string[] {
  if (name.startsWith('traces_')) return ['signal/*/traces']
  // The collector counts what goes through it, and has no counter before the first of a kind.
  if (name.startsWith('otelcol_')) return ['reach/*', 'signal/*', 'exemplars/stored']
  if (name.startsWith(LOAD_PREFIX)) return ['load/k6']
  return []
}

const MAX_READERS = 3

function describe(readers: readonly string[]): string {
  const more = readers.length - MAX_READERS
  return readers.slice(0, MAX_READERS).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
