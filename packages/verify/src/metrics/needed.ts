import type { Rule } from '@faultline/backends-client'
import type { Target } from '../panels/dashboard.ts'
import type { EmptyIsHealthy } from '../panels/expectations.ts'
import { mayBeEmpty } from '../panels/expectations.ts'
import { metricNames } from '../panels/promql.ts'
import { baseName, type NeededMetric } from './judge-metric-names.ts'

/** Text of a target's PromQL, empty for other data sources. */
export function promqlOf(target: Target): string {
  return target.datasource === 'prometheus' && typeof target.model.expr === 'string' ? target.model.expr : ''
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
