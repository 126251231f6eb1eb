/** What a session should be like after anything that somebody may do with its refresh tokens, said once more and simply. */

/** Somebody presents a refresh token, or signs out. */
export type Act = { readonly kind: 'refresh'; readonly token: string } | { readonly kind: 'sign out' }

/** What an act comes to. */
export type Outcome = 'rotated' | 'unknown' | 'expired' | 'ended' | 'reused' | 'signed out'

export interface Came {
  readonly act: Act
  readonly outcome: Outcome
  /** The next token, where one was given. */
  readonly next?: string
}

export interface Model {
  /** The one token that works, while the session does. */
  readonly live: string
  readonly used: readonly string[]
  readonly state: 'active' | 'expired' | 'revoked' | 'removed'
}

/** The session after an act at a time when nobody else acts; undefined where the act cannot come to that. */
function after(model: Model, { act, outcome, next }: Came): Model | undefined {
  const { used, live, state } = model
  const when = (expected: Outcome, then: Partial<Model> = {}) =>
    outcome === expected && (next === undefined) === (expected !== 'rotated')
      ? { ...model, ...then }
      : undefined
  if (act.kind === 'sign out') return when('signed out', state === 'removed' ? {} : { state: 'revoked' })
  const known = act.token === live || used.includes(act.token)
  if (!known || state === 'removed') return when('unknown')
  if (state === 'revoked') return when('ended')
  if (state === 'expired') return when('expired')
  if (act.token !== live) return when('reused', { state: 'revoked' })
  return when('rotated', { used: [...used, live], live: next ?? '' })
}

/**
 * The session after acts at the same time: as after one of the orders in which they may have happened one by one.
 *
 * @returns undefined where no order explains what they came to
 */
export function afterAllOf(model: Model, acts: readonly Came[]): Model | undefined {
  if (acts.length === 0) return model
  for (const [index, first] of acts.entries()) {
    const then = after(model, first)
    const end = then && afterAllOf(then, acts.toSpliced(index, 1))
    if (end) return end
  }
  return undefined
}
