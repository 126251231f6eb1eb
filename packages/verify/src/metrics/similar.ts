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
