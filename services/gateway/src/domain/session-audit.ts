import type { Logger, MetricsRegistry } from '@faultline/service-kit'
import { Counter } from 'prom-client'
import type { PresentedToken } from '../repositories/sessions.ts'
import type { RefreshOutcome } from './sessions.ts'

export interface SessionAuditOptions {
  register: MetricsRegistry
  logger: Pick<Logger, 'info' | 'warn'>
}

export type SessionAudit = ReturnType<typeof createSessionAudit>

/**
 * Keeps account of sessions: counters, and security events in the log.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Logging_Vocabulary_Cheat_Sheet.html
 */
export function createSessionAudit({ register, logger }: SessionAuditOptions) {
  /** A rate needs the series from the start. */
  function counter<Value extends string>(
    name: string,
    help: string,
    label: string,
    values: readonly Value[],
  ) {
    const made = new Counter({ name, help, labelNames: [label], registers: [register] })
    for (const value of values) made.inc({ [label]: value }, 0)
    return (value: Value) => made.inc({ [label]: value })
  }
  const countSignIn = counter(
    'sign_ins_total',
    'Sign-ins whose password was checked, by outcome',
    'outcome',
    ['success', 'wrong_credentials'],
  )
  const countRefresh = counter<RefreshOutcome>(
    'session_refreshes_total',
    'Refresh tokens presented, by what came of it',
    'outcome',
    ['rotated', 'unknown', 'expired', 'ended', 'reused'],
  )
  const countRevocation = counter(
    'sessions_revoked_total',
    'Sessions ended before their time, by reason',
    'reason',
    ['signed_out', 'token_reuse'],
  )

  return {
    signedIn(userId: string): void {
      countSignIn('success')
      logger.info({ 'event.name': 'security.authn_login_success', 'user.id': userId }, 'signed in')
    },
    signInFailed(username: string): void {
      countSignIn('wrong_credentials')
      // The name has passed its schema, so it cannot forge a line; a password typed as a name stays a risk.
      logger.warn(
        { 'event.name': 'security.authn_failure', reason: 'wrong_credentials', 'user.name': username },
        'sign-in refused',
      )
    },
    refreshed(outcome: RefreshOutcome, token: PresentedToken | undefined): void {
      countRefresh(outcome)
      if (outcome === 'rotated') return
      const about = { 'session.id': token?.sessionId, 'user.id': token?.userId }
      if (outcome === 'reused') {
        countRevocation('token_reuse')
        logger.warn(
          { 'event.name': 'security.token_reuse', ...about },
          'refresh token used twice: session ended',
        )
      } else {
        logger.warn({ 'event.name': 'security.authn_failure', reason: outcome, ...about }, 'refresh refused')
      }
    },
    signedOut(sessionId: string): void {
      countRevocation('signed_out')
      logger.info({ 'event.name': 'security.session_ended', 'session.id': sessionId }, 'signed out')
    },
  }
}
