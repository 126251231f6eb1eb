import type { Variable } from './dashboard.ts'

/** What was put in the place of each variable. */
export type Values = ReadonlyMap<string, readonly string[]>

/** What Grafana computes from the time range and the scrape interval, in ms. */
export interface BuiltIns {
  readonly rangeMs: number
  readonly intervalMs: number
  /** At least four scrape intervals, as in Grafana. */
  readonly rateIntervalMs: number
}

/** The query that lists a variable's values. */
export interface LabelValuesQuery {
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
  if (includeAll && allValue !== undefined) return [[allValue]]
  if (values.length === 0) return [includeAll ? ['.*'] : ['']]
  return multi || includeAll ? [values] : values.map((value) => [value])
}

const REFERENCE = /\$\{(\w+)(?::(\w+))?\}|\[\[(\w+)(?::(\w+))?\]\]|\$([A-Za-z_]\w*)/g

/** A query with its variables put in as Grafana does: several values as `(a|b)`, escaped for a regular expression. */
export function substitute(query: string, values: Values, builtIns: BuiltIns): string {
  return query.replace(REFERENCE, (whole, braced, bracedFormat, square, squareFormat, bare) => {
    const name: string = braced ?? square ?? bare
    const chosen = values.get(name)
    return chosen === undefined
      ? (builtIn(name, builtIns) ?? whole)
      : format(chosen, bracedFormat ?? squareFormat)
  })
}

function builtIn(name: string, { rangeMs, intervalMs, rateIntervalMs }: BuiltIns): string | undefined {
  switch (name) {
    case '__range':
      return `${Math.ceil(rangeMs / 1000)}s`
    case '__range_s':
      return String(Math.ceil(rangeMs / 1000))
    case '__range_ms':
      return String(rangeMs)
    case '__interval':
      return `${Math.ceil(intervalMs / 1000)}s`
    case '__interval_ms':
      return String(intervalMs)
    case '__auto':
    case '__rate_interval':
      return `${Math.ceil(rateIntervalMs / 1000)}s`
    default:
      return undefined
  }
}

function format(values: readonly string[], how: string | undefined): string {
  switch (how) {
    case 'raw':
    case 'text':
    case 'csv':
      return values.join(',')
    case 'pipe':
      return values.join('|')
    case 'regex':
      return group(values.map(escapeRegExp))
    default:
      return values.length === 1 ? (values[0] ?? '') : group(values.map(escapeRegExp))
  }
}

function group(values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? '') : `(${values.join('|')})`
}

/** Within a quoted string of PromQL or LogQL, where the backslash itself is escaped. */
function escapeRegExp(text: string): string {
  return text.replaceAll('\\', '\\\\').replace(/[$()*+.?[\]^{|}]|\\\\/g, '\\\\$&')
}
