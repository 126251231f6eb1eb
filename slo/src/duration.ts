const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const

/**
 * Writes whole seconds as a Prometheus duration, largest unit first: 8640 is `2h24m`.
 *
 * @throws RangeError when `seconds` is not a whole number above 0: Prometheus has no such range.
 */
export function formatDuration(seconds: number): string {
  if (!Number.isSafeInteger(seconds) || seconds <= 0) {
    throw new RangeError(`a range is a whole number of seconds above 0, not ${seconds}`)
  }
  let rest = seconds
  let text = ''
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  return text
}
