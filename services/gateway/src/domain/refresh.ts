import type { PresentedToken, RefreshDecision } from '../repositories/sessions.ts'

/** What presenting a refresh token comes to. */
export type RefreshOutcome = 'rotated' | 'unknown' | 'expired' | 'ended' | 'reused'

/**
 * Judges a presented refresh token. A token works once: who presents a used one may be its thief, or its owner after
 * the thief has used it, so the session ends for both.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2
 */
export function judge(
  token: Pick<PresentedToken, 'usedAt' | 'revokedAt' | 'expiresAt'> | undefined,
  now: Date,
): RefreshOutcome {
  if (!token) return 'unknown'
  if (token.revokedAt) return 'ended'
  if (token.expiresAt <= now) return 'expired'
  return token.usedAt ? 'reused' : 'rotated'
}

export const decisionOf: Readonly<Record<RefreshOutcome, RefreshDecision>> = {
  rotated: 'rotate',
  reused: 'revoke',
  unknown: 'refuse',
  expired: 'refuse',
  ended: 'refuse',
}
