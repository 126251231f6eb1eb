/** A median and the interval that holds the true one with 95 % confidence. */
export interface Estimate {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** Chance that is left outside an interval. */
const ALPHA = 0.05

/** The middle of the values; of an even count, the mean of the two in the middle. Throws on an empty list. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]
  if (upper === undefined || lower === undefined) throw new RangeError('no median of no values')
  return (lower + upper) / 2
}

/**
 * The median with its 95 % interval, from the k-th lowest to the k-th highest value, whatever the distribution
 * (the sign test turned round). Fewer than 6 values cannot give 95 %: then it goes from the lowest to the highest.
 *
 * @throws RangeError on an empty list
 * @see https://en.wikipedia.org/wiki/Sign_test
 */
export function estimate(values: readonly number[]): Estimate {
  const sorted = values.toSorted((a, b) => a - b)
  const outside = Math.max(0, intervalRank(sorted.length) - 1)
  const low = sorted[outside] ?? Number.NaN
  const high = sorted[sorted.length - 1 - outside] ?? Number.NaN
  return { median: median(sorted), low, high }
}

/**
 * Of two interleaved series, the ratio slice by slice: what slows both down in a slice cancels out.
 * @param values one value a slice
 * @param baseline the same slices of what is compared with
 */
export function ratios(values: readonly number[], baseline: readonly number[]): number[] {
  return values.map((value, slice) => value / (baseline[slice] ?? Number.NaN))
}

/** The highest rank k for which at most {@link ALPHA} of all samples of n have the median beyond their k-th value. */
function intervalRank(n: number): number {
  // Of n values, how many lie below the median is binomial with p = 1/2.
  let probability = 0.5 ** n
  let tail = probability
  let rank = 0
  while (2 * tail <= ALPHA) {
    rank++
    probability *= (n - rank + 1) / rank
    tail += probability
  }
  return rank
}
