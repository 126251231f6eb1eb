// Times are epoch milliseconds and durations are milliseconds all over this package, as in Date.
// The backends speak seconds (Prometheus, Tempo's ranges), milliseconds (Pyroscope) and nanoseconds (Loki,
// spans); a double holds an epoch time in milliseconds to within 0.25 µs.

const NANOSECONDS_PER_MILLISECOND = 1_000_000n

/** Epoch seconds, fractions allowed, as Prometheus takes them. */
export function toSeconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}

/** Whole epoch seconds as Tempo takes them; a range's start rounds down and its end up, so none is lost. */
export function toWholeSeconds(ms: number, round: 'down' | 'up'): string {
  return String(round === 'down' ? Math.floor(ms / 1000) : Math.ceil(ms / 1000))
}

/** Epoch nanoseconds as Loki takes them. */
export function toNanoseconds(ms: number): string {
  const whole = Math.floor(ms)
  const fraction = Math.round((ms - whole) * 1e6)
  return String(BigInt(whole) * NANOSECONDS_PER_MILLISECOND + BigInt(fraction))
}

/** A whole number of nanoseconds, as text because it does not fit a double, in milliseconds. */
export function fromNanoseconds(nanoseconds: string): number {
  const value = BigInt(nanoseconds)
  const whole = value / NANOSECONDS_PER_MILLISECOND
  return Number(whole) + Number(value % NANOSECONDS_PER_MILLISECOND) / 1e6
}

/** Milliseconds between two times in nanoseconds; exact where subtracting two doubles would not be. */
export function millisecondsBetween(startNanoseconds: string, endNanoseconds: string): number {
  return Number(BigInt(endNanoseconds) - BigInt(startNanoseconds)) / 1e6
}
