import { Counter } from 'prom-client'
import type { Logger, MetricsRegistry } from '../telemetry-types.ts'
import { TOKEN_FAULTS, type TokenFault } from './invalid-token-error.ts'

/** Keeps the books on who was let in: counters, and security events in the log. */
export interface AuthAudit {
  accepted(): void
  /** No token, or one that is not taken. */
  refused(fault: TokenFault): void
  /** A good token that allows too little. */
  denied(subject: string, missingScopes: readonly string[]): void
}

const SCOPE = 'scope'
const countersOf = new WeakMap<MetricsRegistry, Counter<'outcome'>>()

/** The counter on a registry; made once, however many verifiers share it. */
function counterOn(register: MetricsRegistry): Counter<'outcome'> {
  const existing = countersOf.get(register)
  if (existing) return existing
  const counter = new Counter({
    name: 'auth_token_checks_total',
    help: 'Checks of access tokens by outcome: accepted, or why not',
    labelNames: ['outcome'],
    registers: [register],
  })
  // A rate needs the series from the start.
  for (const outcome of ['accepted', SCOPE, ...TOKEN_FAULTS]) counter.inc({ outcome }, 0)
  countersOf.set(register, counter)
  return counter
}

/**
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Logging_Vocabulary_Cheat_Sheet.html (authn_*, authz_fail)
 */
export function createAuthAudit(options: {
  register?: MetricsRegistry | undefined
  logger?: Pick<Logger, 'warn'> | undefined
}): AuthAudit {
  const { register, logger } = options
  const checks = register && counterOn(register)
  return {
    accepted: () => checks?.inc({ outcome: 'accepted' }),
    refused(fault) {
      checks?.inc({ outcome: fault })
      logger?.warn({ 'event.name': 'security.authn_failure', reason: fault }, 'token refused')
    },
    denied(subject, missingScopes) {
      checks?.inc({ outcome: SCOPE })
      logger?.warn(
        { 'event.name': 'security.authz_denied', 'user.id': subject, missing_scopes: missingScopes },
        'access denied',
      )
    },
  }
}
