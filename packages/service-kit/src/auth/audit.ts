import { errors } from 'jose'
import { Counter } from 'prom-client'
import { type Logger, type MetricsRegistry, oncePerRegistry } from '../telemetry-types.ts'

/** Why a token is not taken; also label values, so the set is closed. */
export const TOKEN_FAULTS = [
  'missing',
  'malformed',
  'algorithm',
  'unknown_key',
  'signature',
  'expired',
  'issuer',
  'audience',
  'claims',
  'revoked',
] as const
export type TokenFault = (typeof TOKEN_FAULTS)[number]

/** A token is not taken. */
export class InvalidTokenError extends Error {
  override readonly name = 'InvalidTokenError'
  readonly fault: TokenFault

  constructor(fault: TokenFault, cause?: unknown) {
    super(`the token is not taken: ${fault}`, { cause })
    this.fault = fault
  }
}

/** The fault that an error of `jose` tells of; undefined when it tells nothing of the token. */
export function tokenFaultOf(error: unknown): TokenFault | undefined {
  if (error instanceof errors.JWTExpired) return 'expired'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return 'audience'
    return error.claim === 'iss' ? 'issuer' : 'claims'
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature'
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
    return 'unknown_key'
  }
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported)
    return 'algorithm'
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid) return 'malformed'
  return undefined
}

/** Keeps the books on who was let in: counters, and security events in the log. */
export interface AuthAudit {
  accepted(): void
  /** No token, or one that is not taken. */
  refused(fault: TokenFault): void
  /** A good token that allows too little. */
  denied(subject: string, missingScopes: readonly string[]): void
}

const SCOPE = 'scope'

const counterOn = oncePerRegistry((register) => {
  const counter = new Counter({
    name: 'auth_token_checks_total',
    help: 'Checks of access tokens by outcome: accepted, or why not',
    labelNames: ['outcome'],
    registers: [register],
  })
  // A rate needs the series from the start.
  for (const outcome of ['accepted', SCOPE, ...TOKEN_FAULTS]) counter.inc({ outcome }, 0)
  return counter
})

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
