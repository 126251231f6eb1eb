import type { QueryResult } from '@faultline/backends-client'
import { type Answer, answerOf } from '../answer.ts'
import { type Context, sinceBeginMs, sinceSentMs } from '../context.ts'
import type { Target } from '../panels/dashboard.ts'
import type { EmptyIsHealthy } from '../panels/expectations.ts'
import { patience } from '../patience.ts'
import type { Probe } from '../probe.ts'
import { baseName, judgeMetricName } from './judge-metric-names.ts'
import { neededMetrics } from './needed.ts'

/** Names of what had a sample in some time, even if its series has ended since. */
const query = (seconds: number): string => `count by (__name__) (last_over_time({__name__!=""}[${seconds}s]))`
/** How far back a metric counts as having been there before. */
const HISTORY_SECONDS = 300

/** Every metric that panels and rules read, by name. */
export function metricNamesProbe(targets: readonly Target[], expectations: readonly EmptyIsHealthy[]): Probe {
  return {
    name: 'metric names',
    hop: 'metrics',
    intervalMs: 2_000,
    async observe(context) {
      const { backends, beginMs, signal, found } = context
      const since = query(Math.floor(sinceBeginMs(context) / 1_000))
      const [now, before, rules] = await Promise.all([
        answerOf(backends.prometheus.query(since, { signal })),
        answerOf(backends.prometheus.query(query(HISTORY_SECONDS), { timeMs: beginMs, signal })),
        answerOf(backends.prometheus.rules({ signal })),
      ])
      if (found.sentUntilMs === undefined) return []
      const evidence = {
        query: since,
        present: namesIn(now),
        before: valueOr(namesIn(before), new Set<string>()),
        late: isLate(context),
      }
      const needed = neededMetrics(targets, expectations, valueOr(rules, []))
      return needed.map((metric) => judgeMetricName(metric, evidence))
    },
  }
}

function isLate(context: Context): boolean {
  return sinceSentMs(context) > patience.metrics
}

function namesIn(answer: Answer<QueryResult>): Answer<ReadonlySet<string>> {
  if ('error' in answer) return answer
  const series = answer.value.type === 'vector' ? answer.value.series : []
  return { value: new Set(series.map(({ labels }) => baseName(labels.__name__ ?? ''))) }
}

function valueOr<T>(answer: Answer<T>, otherwise: T): T {
  return 'value' in answer ? answer.value : otherwise
}
