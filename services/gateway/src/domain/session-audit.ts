import type { Logger, MetricsRegistry } from '@faultline/service-kit'
import { Counter } from 'prom-client'
import type { PresentedToken } from '../repositories/sessions.ts'
import type { RefreshOutcome } from './refresh.ts'

/** Keeps the books on sessions: counters, and security events in the log. */
export interface SessionAudit {
  signedIn(userId: string): void
  signInFailed(username: string): void
  refreshed(outcome: RefreshOutcome, token: PresentedToken | undefined): void
  signedOut(sessionId: string): void
}

const SIGN_IN_OUTCOMES = ['success', 'wrong_credentials'] as const
const REFRESH_OUTCOMES: readonly RefreshOutcome[] = ['rotated', 'unknown', 'expired', 'ended', 'reused']

/**
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Logging_Vocabulary_Cheat_Sheet.html
 */
export function createSessionAudit(options: {
  register: MetricsRegistry
  logger: Pick<Logger, 'info' | 'warn'>
}): SessionAudit {
  const { register, logger } = options
  const signIns = new Counter({
    name: 'sign_ins_total',
    help: 'Sign-ins whose password was checked, by outcome',
    labelNames: ['outcome'],
    registers: [register],
  })
  const refreshes = new Counter({
    name: 'session_refreshes_total',
    help: 'Refresh tokens presented, by what came of it',
    labelNames: ['outcome'],
    registers: [register],
  })
  const revocations = new Counter({
    name: 'sessions_revoked_total',
    help: 'Sessions ended before their time, by reason',
    labelNames: ['reason'],
    registers: [register],
  })
  // A rate needs the series from the start.
  for (const outcome of SIGN_IN_OUTCOMES) signIns.inc({ outcome }, 0)
  for (const outcome of REFRESH_OUTCOMES) refreshes.inc({ outcome }, 0)
  for (const reason of ['signed_out', 'token_reuse']) revocations.inc({ reason }, 0)

  return {
    signedIn(userId) {
      signIns.inc({ outcome: 'success' })
      logger.info({ 'event.name': 'security.authn_login_success', 'user.id': userId }, 'signed in')
    },
    signInFailed(username) {
      signIns.inc({ outcome: 'wrong_credentials' })
      // The name has passed its schema, so it cannot forge a line; a password typed as a name stays a risk.
      logger.warn(
        { 'event.name': 'security.authn_failure', reason: 'wrong_credentials', 'user.name': username },
        'sign-in refused',
      )
    },
    refreshed(outcome, token) {
      refreshes.inc({ outcome })
      if (outcome === 'rotated') return
      const about = { 'session.id': token?.sessionId, 'user.id': token?.userId }
      if (outcome === 'reused') {
        revocations.inc({ reason: 'token_reuse' })
        logger.warn(
          { 'event.name': 'security.token_reuse', ...about },
          'refresh token used twice: session ended',
        )
      } else {
        logger.warn({ 'event.name': 'security.authn_failure', reason: outcome, ...about }, 'refresh refused')
      }
    },
    signedOut(sessionId) {
      revocations.inc({ reason: 'signed_out' })
      logger.info({ 'event.name': 'security.session_ended', 'session.id': sessionId }, 'signed out')
    },
  }
}
