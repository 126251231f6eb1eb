import type { Rule } from '@faultline/backends-client'
import { type CallResult, failedCall, resultOf } from '../call-result.ts'
import { type Context, isLate } from '../context.ts'
import type { Probe } from '../probe.ts'
import { type Finding, fail } from '../report/check.ts'

/** An evaluation may be late by this many intervals, and a second for the answer on its way. */
const MAX_MISSED_INTERVALS = 3
const SLACK_MS = 2_000

export const rulesProbe = (context: Context): Probe => ({
  name: 'rules',
  hop: 'rules',
  late: () => isLate(context, 'metrics'),
  observe: async () => judgeRules(await resultOf(context.backends.prometheus.rules()), Date.now()),
})

/** Whether rules are loaded, and each was evaluated lately and without error. */
export function judgeRules(rules: CallResult<readonly Rule[]>, nowMs: number): Finding[] {
  const loaded = {
    id: 'rules/loaded',
    hop: 'rules',
    expected: 'recording and alerting rules are loaded',
    query: 'GET /api/v1/rules',
    explainedBy: ['reach/prometheus'],
  } as const
  const evaluated = {
    ...loaded,
    id: 'rules/evaluated',
    expected: 'each rule was evaluated lately and without error',
  } as const
  if ('error' in rules) {
    return [
      { ...loaded, ...failedCall(rules.error) },
      { ...evaluated, ...failedCall(rules.error) },
    ]
  }
  const kinds = Map.groupBy(rules.value, ({ type }) => type)
  const seen = `${kinds.get('recording')?.length ?? 0} recording, ${kinds.get('alerting')?.length ?? 0} alerting`
  if (kinds.size < 2) {
    return [
      {
        ...loaded,
        status: 'fail',
        seen,
        likelyCause: 'rule_files of the configuration match no file',
        nextStep: 'rule_files in backends/prometheus, and npm run slo:generate',
      },
      { ...evaluated, status: 'skipped', seen: 'rules are missing', explainedBy: ['rules/loaded'] },
    ]
  }
  return [{ ...loaded, status: 'pass', seen }, judgeEvaluation(evaluated, rules.value, nowMs)]
}

function judgeEvaluation(
  base: Pick<Finding, 'id' | 'hop' | 'expected' | 'query' | 'explainedBy' | 'final'>,
  rules: readonly Rule[],
  nowMs: number,
): Finding {
  const failing = rules.filter(({ health }) => health === 'err')
  const stale = rules.filter(({ lastEvaluationMs, intervalMs }) => {
    return (
      lastEvaluationMs === undefined ||
      nowMs - lastEvaluationMs > intervalMs * MAX_MISSED_INTERVALS + SLACK_MS
    )
  })
  if (failing[0] !== undefined) {
    const { name, group, lastError, query } = failing[0]
    return fail(base, {
      query,
      seen: `${failing.length} of ${rules.length} fail: ${name} in group ${group}: ${lastError}`,
      likelyCause: 'the expression does not fit the series that there are',
      nextStep: `ask Prometheus the expression of ${name}; npm run slo:generate if its objective changed`,
    })
  }
  if (stale[0] !== undefined) {
    const { name, lastEvaluationMs } = stale[0]
    const age =
      lastEvaluationMs === undefined ? 'never' : `${Math.round((nowMs - lastEvaluationMs) / 1000)} s ago`
    return fail(base, {
      seen: `${stale.length} of ${rules.length} are late: ${name} was last evaluated ${age}`,
      likelyCause: 'Prometheus does not keep up, or has just started',
      nextStep: 'faultline logs prometheus',
    })
  }
  return { ...base, status: 'pass', seen: `${rules.length} rules` }
}
