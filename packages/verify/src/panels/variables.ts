import type { Backends } from '@faultline/backends-client'
import type { Variable } from './dashboard.ts'

/** What was put in the place of each variable. */
export type Values = ReadonlyMap<string, readonly string[]>

/** The query that lists a variable's values. */
interface LabelValuesQuery {
  readonly selector: string | undefined
  readonly label: string
}

/** `label_values(selector, label)` or `label_values(label)`; undefined for other queries. */
export function parseLabelValues(query: string): LabelValuesQuery | undefined {
  const [, inner] = /^\s*label_values\((.*)\)\s*$/s.exec(query) ?? []
  if (inner === undefined) return undefined
  const comma = inner.lastIndexOf(',')
  const label = inner.slice(comma + 1).trim()
  return { selector: comma < 0 ? undefined : inner.slice(0, comma).trim(), label }
}

/**
 * What may be put in a variable's place. One that takes several values gets all of them at once; a single
 * one gets each value in turn, as a person would turn to each.
 */
export function choicesOf(variable: Variable, values: readonly string[]): readonly (readonly string[])[] {
  const { multi, includeAll, allValue } = variable
  if (includeAll && typeof allValue === 'string') return [[allValue]]
  if (values.length === 0) return [includeAll ? ['.*'] : ['']]
  return multi || includeAll ? [values] : values.map((value) => [value])
}

const REFERENCE = /\$\{(\w+)\}|\$([A-Za-z_]\w*)/g

/**
 * A query with its variables put in as Grafana does: several values as `(a|b)`, escaped for a regular expression.
 *
 * @param rateIntervalMs what Grafana computes from the scrape interval: at least four of it
 */
export function substitute(query: string, values: Values, rateIntervalMs: number): string {
  return query.replace(REFERENCE, (whole: string, braced?: string, bare?: string) => {
    const name = braced ?? bare ?? ''
    const chosen = values.get(name)
    if (chosen !== undefined) {
      return chosen.length === 1 ? (chosen[0] ?? '') : `(${chosen.map(escapeRegExp).join('|')})`
    }
    const isInterval = name === '__rate_interval' || name === '__auto'
    return isInterval ? `${Math.ceil(rateIntervalMs / 1000)}s` : whole
  })
}

/** Within a quoted string of PromQL or LogQL, where the backslash itself is escaped. */
function escapeRegExp(text: string): string {
  return text.replaceAll('\\', '\\\\').replace(/[$()*+.?[\]^{|}]|\\\\/g, '\\\\$&')
}

interface ResolveOptions {
  readonly rateIntervalMs: number
  /** Epoch ms since when a value must have been in use. */
  readonly beginMs: number
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
  { rateIntervalMs, beginMs }: ResolveOptions,
): Promise<readonly string[]> {
  const asked = parseLabelValues(substitute(variable.query, chosen, rateIntervalMs))
  if (variable.type !== 'query' || asked === undefined) return variable.current
  const { label, selector } = asked
  const backend = variable.datasource === 'loki' ? backends.loki : backends.prometheus
  return backend.labelValues(label, { startMs: beginMs, endMs: Date.now(), selector })
}
