import type { InstantSeries, Rule } from '@faultline/backends-client'
import { type CallResult, failedCall, resultOf, valueOr } from '../call-result.ts'
import { type Context, isLate, sinceBeginMs } from '../context.ts'
import type { Probe } from '../probe.ts'
import { type Finding, fail } from '../report/check.ts'
import { LOAD_PREFIX } from '../stack/load.ts'
import { promqlOf, type Target } from './dashboard.ts'
import { type EmptyIsHealthy, mayBeEmpty } from './expectations.ts'
import { baseName, metricNames } from './promql.ts'

/** Names of what had a sample in some time, even if its series has ended since. */
const namesQuery = (seconds: number): string =>
  `count by (__name__) (last_over_time({__name__!=""}[${seconds}s]))`
/** How far back a metric counts as having been there before. */
const HISTORY_SECONDS = 300

/** Every metric that panels and rules read, by name. */
export function metricNamesProbe(
  context: Context,
  targets: readonly Target[],
  expectations: readonly EmptyIsHealthy[],
): Probe {
  const { prometheus } = context.backends
  return {
    name: 'metric names',
    hop: 'metrics',
    late: () => isLate(context, 'metrics'),
    intervalMs: 2_000,
    async observe() {
      const query = namesQuery(Math.floor(sinceBeginMs(context) / 1_000))
      const [now, before, rules] = await Promise.all([
        resultOf(prometheus.query(query)),
        resultOf(prometheus.query(namesQuery(HISTORY_SECONDS), { timeMs: context.beginMs })),
        resultOf(prometheus.rules()),
      ])
      const present = 'error' in now ? now : { value: namesIn(now.value) }
      const evidence = { query, present, before: namesIn(valueOr(before, [])) }
      const needed = neededMetrics(targets, expectations, valueOr(rules, []))
      return needed.map((metric) => judgeMetricName(metric, evidence))
    },
  }
}

function namesIn(series: readonly InstantSeries[]): ReadonlySet<string> {
  return new Set(series.map(({ labels }) => baseName(labels.__name__ ?? '')))
}

/** A metric that panels or rules read. */
interface NeededMetric {
  /** Without the suffix of a histogram's series. */
  readonly name: string
  /** Who reads it, for people. */
  readonly readers: readonly string[]
  /** Metrics that a recording rule computes it from. */
  readonly computedFrom: readonly string[]
}

interface MetricNamesEvidence {
  readonly query: string
  /** Names of all metrics with a sample since verify began. */
  readonly present: CallResult<ReadonlySet<string>>
  /** Names of all metrics with a sample shortly before. */
  readonly before: ReadonlySet<string>
}

/** Whether a metric that is drawn or computed with still comes under its name. */
export function judgeMetricName(
  needed: NeededMetric,
  { query, present, before }: MetricNamesEvidence,
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
  } as const
  if ('error' in present) return { ...finding, ...failedCall(present.error) }
  if (present.value.has(name)) return { ...finding, status: 'pass', seen: 'present' }
  if (present.value.size === 0) {
    return fail(finding, {
      seen: 'no metric at all since verify began',
      likelyCause: 'the collector does not deliver metrics',
      nextStep: 'faultline logs collector',
    })
  }
  const fresh = [...present.value].filter((other) => !before.has(other))
  const similar = mostSimilar(name, fresh) ?? mostSimilar(name, [...present.value])
  const history = before.has(name) ? 'it was there before verify began' : 'it was not there before either'
  return fail(finding, {
    seen: `absent, while ${present.value.size} other metrics arrive; ${history}`,
    likelyCause:
      similar === undefined
        ? 'it was renamed, dropped, or nothing makes it'
        : `renamed? ${similar} is present`,
    nextStep: `look for it at /metrics of the services and in the metrics pipeline of collector/collector.yaml`,
  })
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

/**
 * Every metric that panels and rules read, with who reads it. What is only read where empty is healthy
 * need not be there, and what rules compute for each other stands or falls with what they compute it from.
 */
export function neededMetrics(
  targets: readonly Target[],
  expectations: readonly EmptyIsHealthy[],
  rules: readonly Rule[],
): NeededMetric[] {
  const readers = new Map<string, Set<string>>()
  const add = (query: string, reader: string) => {
    for (const name of metricNames(query).map(baseName))
      readers.set(name, (readers.get(name) ?? new Set()).add(reader))
  }
  for (const target of targets) {
    if (mayBeEmpty(target, expectations)?.when === 'healthy') continue
    add(promqlOf(target), `${target.dashboardUid} “${target.panelTitle}”`)
  }
  const optional = new Set(
    targets
      .filter((target) => mayBeEmpty(target, expectations)?.when === 'healthy')
      .flatMap((target) => metricNames(promqlOf(target)).map(baseName)),
  )
  const computed = new Set(rules.filter(({ type }) => type === 'recording').map(({ name }) => baseName(name)))
  for (const rule of rules) {
    const required = metricNames(rule.query)
      .map(baseName)
      .filter((name) => readers.has(name) || !(optional.has(name) || computed.has(name)))
    for (const name of required) add(name, `rule ${rule.name}`)
  }
  return [...readers].map(([name, who]) => ({ name, readers: [...who], computedFrom: sources(name, rules) }))
}

/** What recording rules compute a metric from, down to what services send. */
function sources(name: string, rules: readonly Rule[]): string[] {
  const all = new Set<string>()
  const follow = (computed: string) => {
    const recording = rules.filter((rule) => rule.type === 'recording' && baseName(rule.name) === computed)
    for (const source of recording.flatMap((rule) => metricNames(rule.query).map(baseName))) {
      if (all.has(source)) continue
      all.add(source)
      follow(source)
    }
  }
  follow(name)
  return [...all]
}

/** Share of words that two names must have in common to be taken for one renamed. */
const MIN_SIMILARITY = 0.5

/** The name that shares most words with another; undefined where none is alike. */
export function mostSimilar(name: string, others: readonly string[]): string | undefined {
  const scored = others
    .filter((other) => other !== name)
    .map((other) => ({ other, score: similarity(name, other) }))
    .sort((a, b) => b.score - a.score)
  const [best] = scored
  return best !== undefined && best.score >= MIN_SIMILARITY ? best.other : undefined
}

/** Jaccard index of the words that underscores and colons separate. */
function similarity(a: string, b: string): number {
  const [left, right] = [words(a), words(b)]
  const common = [...left].filter((word) => right.has(word)).length
  return common / (left.size + right.size - common)
}

function words(name: string): Set<string> {
  return new Set(name.split(/[_:]/))
}
