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

/** A share from 0 to 1 from the environment. Throws when the variable holds anything else. */
function share(name: string, fallback: number): number {
  const text = __ENV[name]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (!(value >= 0 && value <= 1)) throw new Error(`${name} must be a number from 0 to 1, got "${text}"`)
  return value
}

/** Base URL of the public API, without a slash at the end. */
export const gatewayUrl = (__ENV.GATEWAY_URL || 'http://127.0.0.1:8081').replace(/\/+$/, '')

/** Iterations started per second, over all scenarios of a script. */
export const ratePerSecond = (fallback: number): number => positiveNumber('RATE', fallback)

/** Iterations per second at which `breakpoint` ends. */
export const maxRatePerSecond = (fallback: number): number => positiveNumber('MAX_RATE', fallback)

/** How many times the rate a spike is. */
export const spikeFactor = (fallback: number): number => positiveNumber('SPIKE_FACTOR', fallback)

/** How long a script offers load, in k6's spelling: `90s`, `10m`, `1h30m`. k6 refuses what it cannot read. */
export const duration = (fallback: string): string => __ENV.DURATION || fallback

/** The same in seconds, for scripts that divide it into phases. Throws when it cannot be read. */
export function durationSeconds(fallback: string): number {
  const text = duration(fallback)
  const [whole, hours = 0, minutes = 0, seconds = 0] =
    /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text)?.map((part) => Number(part ?? 0)) ?? []
  const total = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)
  if (whole === undefined || total === 0) {
    throw new Error(`DURATION must be like 90s, 10m or 1h30m, got "${text}"`)
  }
  return total
}

/** The same seed asks for the same pages in the same order, whichever virtual user runs an iteration. */
export const seed = Math.trunc(positiveNumber('SEED', 1))

/** File to which the end-of-test summary goes as JSON; nothing is written when unset. */
export const summaryPath = __ENV.SUMMARY_PATH

/** Set when every acknowledged order is to be told to k6's console, which the caller sends to this file. */
export const ledgerPath = __ENV.LEDGER_PATH

/** Share of the iterations that are visits of buyers. */
export const buyerShare = share('BUYER_SHARE', 0.1)

/** Mean time between two steps of a buyer, in seconds. */
export const thinkSeconds = positiveNumber('THINK_SECONDS', 1)

/** How long a buyer waits for the outcome of a payment and then for the ticket. */
export const patienceSeconds = positiveNumber('PATIENCE_SECONDS', 30)

/** The demo users `visitor-1`, `visitor-2`, … that buyers sign in as. */
export const visitorCount = Math.ceil(positiveNumber('VISITORS', 50))
export const visitorPassword = __ENV.DEMO_PASSWORD || 'faultline-demo'

/** What buyers pay with, and what they pay with when their card is to be refused. */
export const paymentToken = __ENV.PAYMENT_TOKEN || 'tok_visa'
export const decliningToken = __ENV.DECLINING_TOKEN || 'tok_declined'
