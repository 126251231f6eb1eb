import type { Backends } from '@faultline/backends-client'
import type { Variable } from './dashboard.ts'
import { type BuiltIns, choicesOf, parseLabelValues, substitute, type Values } from './variables.ts'

export interface ResolveOptions {
  readonly builtIns: BuiltIns
  /** Epoch ms since when a value must have been in use. */
  readonly beginMs: number
  readonly signal: AbortSignal
}

/** More combinations than this are not looked at. */
const MAX_COMBINATIONS = 20

/**
 * Every combination of values that a person could choose on a dashboard. A variable's query may name the
 * variables before it, so they are resolved in order.
 */
export async function resolveVariables(
  variables: readonly Variable[],
  backends: Backends,
  options: ResolveOptions,
): Promise<Values[]> {
  let combinations: Values[] = [new Map()]
  for (const variable of variables.filter(({ type }) => type !== 'datasource')) {
    const next: Values[] = []
    for (const chosen of combinations) {
      const values = await valuesOf(variable, chosen, backends, options)
      for (const choice of choicesOf(variable, values))
        next.push(new Map([...chosen, [variable.name, choice]]))
    }
    combinations = next.slice(0, MAX_COMBINATIONS)
  }
  return combinations
}

async function valuesOf(
  variable: Variable,
  chosen: Values,
  backends: Backends,
  { builtIns, beginMs, signal }: ResolveOptions,
): Promise<readonly string[]> {
  const asked = parseLabelValues(substitute(variable.query, chosen, builtIns))
  const ownList = variable.type === 'custom' ? variable.query.split(',').map((value) => value.trim()) : []
  if (variable.type !== 'query' || asked === undefined) return ownList.length > 0 ? ownList : variable.current
  const range = { startMs: beginMs, endMs: Date.now(), signal }
  if (variable.datasource === 'loki') {
    const { selector } = asked
    return backends.loki.labelValues(asked.label, {
      ...range,
      ...(selector === undefined ? {} : { selector }),
    })
  }
  const selectors = asked.selector === undefined ? [] : [asked.selector]
  return backends.prometheus.labelValues(asked.label, { ...range, selectors })
}
