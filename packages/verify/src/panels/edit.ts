/** A stretch of a query and what takes its place. */
export interface Edit {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** The query with all edits made; they must not overlap. */
export function applyEdits(query: string, edits: readonly Edit[]): string {
  return [...edits]
    .sort((a, b) => b.from - a.from)
    .reduce((edited, { from, to, text }) => edited.slice(0, from) + text + edited.slice(to), query)
}
