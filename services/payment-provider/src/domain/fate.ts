/** What becomes of a charge: the same for the same seed and reference, whatever came before and in which order. */
import { createHash } from 'node:crypto'

export interface FateSettings {
  seed: string
  /** Half of the answers are quicker, half are slower, in milliseconds. */
  latencyMedianMs: number
  /** Share of references that are declined, from 0 to 1. */
  declineRatio: number
  /** Share of references whose first request fails, from 0 to 1. */
  failureRatio: number
}

export interface Fate {
  /** How long a worker has to do with each request for it, in milliseconds. */
  readonly latencyMs: number
  /** Why it is declined, if it is. */
  readonly declineReason: string | null
  /**
   * How the first request for it fails, if it does; a repeat finds what was done. `refused`: answered with 500 and
   * nothing charged; `lost`: charged, and the connection closed unanswered.
   */
  readonly failure: 'refused' | 'lost' | null
}

const DECLINE_REASONS = ['card_declined', 'insufficient_funds', 'expired_card'] as const

/** Tokens whose fate is fixed, for tests and demonstrations. */
export const SPECIAL_TOKENS: ReadonlyMap<string, Omit<Fate, 'latencyMs'>> = new Map([
  ['tok_declined', { declineReason: 'card_declined', failure: null }],
  ['tok_insufficient_funds', { declineReason: 'insufficient_funds', failure: null }],
  ['tok_expired_card', { declineReason: 'expired_card', failure: null }],
  ['tok_refused', { declineReason: null, failure: 'refused' }],
  ['tok_lost', { declineReason: null, failure: 'lost' }],
])

/** Standard deviation of the latency's logarithm: one request in a hundred takes two and a half times the median. */
const LATENCY_SIGMA = 0.4

export function fateOf(settings: FateSettings, reference: string, paymentToken: string): Fate {
  const [u1, u2, decline, reason, failure, kind] = uniforms(`${settings.seed}\n${reference}`)
  const latencyMs = settings.latencyMedianMs * Math.exp(LATENCY_SIGMA * standardNormal(u1, u2))
  const special = SPECIAL_TOKENS.get(paymentToken)
  if (special) return { latencyMs, ...special }
  return {
    latencyMs,
    declineReason:
      decline < settings.declineRatio
        ? (DECLINE_REASONS[Math.floor(reason * DECLINE_REASONS.length)] ?? DECLINE_REASONS[0])
        : null,
    failure: failure < settings.failureRatio ? (kind < 0.5 ? 'refused' : 'lost') : null,
  }
}

/** Numbers from 0 up to 1, as even and as unrelated as the hash's bits. */
function uniforms(text: string) {
  const hash = createHash('sha256').update(text).digest()
  const at = (index: number): number => hash.readUInt32BE(index * 4) / 2 ** 32
  return [at(0), at(1), at(2), at(3), at(4), at(5)] as const
}

/** @see https://en.wikipedia.org/wiki/Box%E2%80%93Muller_transform */
function standardNormal(u1: number, u2: number): number {
  return Math.sqrt(-2 * Math.log(1 - u1)) * Math.cos(2 * Math.PI * u2)
}
