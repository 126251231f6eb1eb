/** What a load script can be told from outside, read once in k6's init stage. */

/** A number above zero from the environment. Throws when the variable holds anything else. */
function positiveNumber(name: string, fallback: number): number {
  const text = __ENV[name]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) {
    throw new Error(`${name} must be a number above 0, got "${text}"`)
  }
  return value
}

/** Base URL of the public API, without a slash at the end. */
export const gatewayUrl = (__ENV.GATEWAY_URL || 'http://127.0.0.1:8081').replace(/\/+$/, '')

/** Iterations started per second, over all scenarios of a script. */
export const ratePerSecond = (fallback: number): number => positiveNumber('RATE', fallback)

/** How long a script offers load, in k6's spelling: `90s`, `10m`, `1h30m`. k6 refuses what it cannot read. */
export const duration = (fallback: string): string => __ENV.DURATION || fallback

/** The same seed asks for the same pages in the same order, whichever virtual user runs an iteration. */
export const seed = Math.trunc(positiveNumber('SEED', 1))

/** File to which the end-of-test summary goes as JSON; nothing is written when unset. */
export const summaryPath = __ENV.SUMMARY_PATH
