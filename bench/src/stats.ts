/** The middle of the values; of an even count, the mean of the two in the middle. Throws on an empty list. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]
  if (upper === undefined || lower === undefined) throw new RangeError('no median of no values')
  return (lower + upper) / 2
}

/**
 * Ratio of two interleaved series, round by round, then the median: what slows both down in a round cancels out.
 * @param values one value a round
 * @param baseline the same rounds of what is compared with
 */
export function medianRatio(values: readonly number[], baseline: readonly number[]): number {
  return median(values.map((value, round) => value / (baseline[round] ?? Number.NaN)))
}
