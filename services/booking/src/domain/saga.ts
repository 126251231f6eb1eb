/**
 * The life of a reservation and its order as a pure state machine: what may follow on what, and what has to happen in
 * the same transaction. It knows neither database nor network, so that every interleaving can be tried.
 *
 *     held ─ordered─▶ pending ─paid─▶ confirmed
 *      │ │               └───refused─▶ declined
 *      │ └─released─▶ released
 *      └─────expired─▶ expired
 */
export type SagaState = 'held' | 'released' | 'expired' | 'pending' | 'confirmed' | 'declined'

/**
 * `ordered`: the visitor wants to pay; `released`: gives the seats back; `expired`: the time of the hold is up;
 * `paid`, `refused`: payments knows; `unknown`: payments does not know, or cannot be asked.
 */
export type SagaEvent = 'ordered' | 'released' | 'expired' | 'paid' | 'refused' | 'unknown'

/**
 * `sell-seats`, `free-seats`, `announce` belong into the transaction that changes the state. `charge` follows once
 * that is committed, and again until the outcome is known: it has to be idempotent.
 */
export type SagaEffect = 'charge' | 'sell-seats' | 'free-seats' | 'announce'

export interface SagaStep {
  readonly state: SagaState
  readonly effects: readonly SagaEffect[]
}

const STEPS: Readonly<Record<SagaState, Partial<Record<SagaEvent, SagaStep>>>> = {
  held: {
    ordered: { state: 'pending', effects: ['charge'] },
    released: { state: 'released', effects: ['free-seats'] },
    expired: { state: 'expired', effects: ['free-seats'] },
  },
  // No hold expires and nothing is given back while it may have been paid for.
  pending: {
    paid: { state: 'confirmed', effects: ['sell-seats', 'announce'] },
    refused: { state: 'declined', effects: ['free-seats'] },
    unknown: { state: 'pending', effects: ['charge'] },
  },
  // What is known may be told again, by a repeat or another replica; the contrary of it may not.
  confirmed: { paid: nothingIn('confirmed'), unknown: nothingIn('confirmed') },
  declined: { refused: nothingIn('declined'), unknown: nothingIn('declined') },
  released: { released: nothingIn('released') },
  expired: { released: nothingIn('expired'), expired: nothingIn('expired') },
}

function nothingIn(state: SagaState): SagaStep {
  return { state, effects: [] }
}

/** @returns undefined when the event cannot happen in this state: the caller must refuse it */
export function sagaStep(state: SagaState, event: SagaEvent): SagaStep | undefined {
  return STEPS[state][event]
}
