import { errors } from 'jose'

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
