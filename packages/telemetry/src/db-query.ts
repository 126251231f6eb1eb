/** What a statement does, as far as its text tells. */
export interface QuerySummary {
  /** Upper case, for instance `SELECT`. */
  readonly operation: string
  /** First table named; empty for none. */
  readonly collection: string
  /** `SELECT concerts venues`: operation and tables, low in cardinality. */
  readonly summary: string
}

const OPERATION = /^\s*(?:\/\*[\s\S]*?\*\/\s*|--[^\n]*\n\s*)*([a-z]+)/i
const NAME = String.raw`((?:"[^"]+"|[a-z_][\w$]*)(?:\.(?:"[^"]+"|[a-z_][\w$]*))?)`
/** `update` is no statement after `for` and `do`, nor is `from` after `distinct`; `from f(` is a function. */
const TABLES = new RegExp(
  String.raw`\b(?:into|table)\s+(?:if\s+(?:not\s+)?exists\s+)?${NAME}` +
    String.raw`|\b(?<!\b(?:for|do|key|distinct)\s+)(?:from|join|update)\s+(?:only\s+)?${NAME}(?![\w$.]|\s*\()`,
  'gi',
)
/** Names of common table expressions, which are no tables. */
const EXPRESSIONS =
  /(?:\bwith\s+(?:recursive\s+)?|,\s*)([a-z_][\w$]*)(?:\s*\([^()]*\))?\s+as\s+(?:not\s+)?(?:materialized\s+)?\(/gi
/** The statement behind `WITH …`. */
const MAIN_OPERATION = /\)\s*(select|insert|update|delete|merge)\b/gi
/** Strings may hold anything, `from` included. */
const LITERALS = /'(?:[^']|'')*'/g
/** Longest summary: https://opentelemetry.io/docs/specs/semconv/database/database-spans/#generating-a-summary-of-the-query */
const MAX_SUMMARY = 255

/** Reads operation and tables from SQL by pattern, not by grammar: good for names, not for meaning. */
export function summarizeQuery(text: string): QuerySummary {
  const sql = text.replace(LITERALS, "''")
  let operation = (OPERATION.exec(sql)?.[1] ?? '').toUpperCase()
  const expressions = new Set<string>()
  if (operation === 'WITH') {
    for (const [, name = ''] of sql.matchAll(EXPRESSIONS)) expressions.add(name.toLowerCase())
    const last = [...sql.matchAll(MAIN_OPERATION)].at(-1)?.[1]
    operation = last === undefined ? 'WITH' : last.toUpperCase()
  }
  const tables = new Set<string>()
  for (const [, target, source = ''] of sql.matchAll(TABLES)) {
    const table = (target ?? source).replaceAll('"', '')
    if (!expressions.has(table.toLowerCase())) tables.add(table)
  }
  const summary = [operation, ...tables].join(' ').slice(0, MAX_SUMMARY)
  return { operation, collection: tables.values().next().value ?? '', summary }
}
