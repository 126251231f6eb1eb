import { createRemoteJWKSet, decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { DependencyError } from '../http-client/attempt.ts'
import type { Logger, MetricsRegistry } from '../telemetry-types.ts'
import { type AuthAudit, createAuthAudit, InvalidTokenError, tokenFaultOf } from './audit.ts'
import type { Revocations } from './revocations.ts'

/** Who sent a request, as its token says. */
export interface Principal {
  /** User id, or the name of the service. */
  readonly subject: string
  /** A user's token belongs to a session; a service's does not. */
  readonly kind: 'user' | 'service'
  readonly sessionId: string | undefined
  readonly scopes: ReadonlySet<string>
}

/** What {@link authenticated} leaves in `ctx.state`. */
export interface AuthenticatedState {
  principal: Principal
  /** The token itself, to be passed on to the service that does the work. */
  token: string
}

/** Name of an issuer's key set as a dependency. */
export const JWKS = 'jwks'

/** The one algorithm taken: a token cannot choose a weaker one. */
export const TOKEN_ALGORITHM = 'ES256'

/** Type of an access token (RFC 9068), so that no other JWT of the same issuer passes for one. */
export const TOKEN_TYPE = 'at+jwt'

/** Somebody whose tokens are taken, and where the public keys are. */
export type TokenIssuer = { issuer: string } & ({ jwksUrl: string } | { keys: JWTVerifyGetKey })

export interface TokenVerifierOptions {
  issuers: readonly TokenIssuer[]
  /** Whom a token must be meant for. */
  audience: string
  revocations?: Revocations
  register?: MetricsRegistry
  logger?: Pick<Logger, 'warn'>
  /** Shortest time between two fetches of a key set because of an unknown key, in milliseconds. */
  jwksCooldownMs?: number
  /** How long a fetched key set is used, in milliseconds: a key withdrawn is trusted no longer than this. */
  jwksMaxAgeMs?: number
  /** Longest fetch of a key set, in milliseconds. */
  jwksTimeoutMs?: number
}

/** How far the clocks of two machines may be apart, in seconds. */
const CLOCK_TOLERANCE_SECONDS = 2

const tokenVerifierDefaults = {
  jwksCooldownMs: 1_000,
  jwksMaxAgeMs: 300_000,
  jwksTimeoutMs: 1_000,
} satisfies Partial<TokenVerifierOptions>

export interface TokenVerifier {
  /**
   * Checks signature, type, issuer, audience, expiry and revocation of an access token.
   *
   * @throws InvalidTokenError
   * @throws DependencyError when the issuer's keys cannot be had
   */
  verify(token: string): Promise<Principal>
  /** Where what is let in and refused is written down. */
  readonly audit: AuthAudit
}

/** Checks tokens by the issuers' public keys, which are fetched when first needed and then kept. */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const settings = { ...tokenVerifierDefaults, ...options }
  const keySets = new Map(settings.issuers.map((source) => [source.issuer, keySetOf(source, settings)]))

  async function check(token: string): Promise<Principal> {
    const issuer = issuerOf(token)
    const keys = keySets.get(issuer)
    if (!keys) throw new InvalidTokenError('issuer')
    let payload: JWTPayload
    try {
      const verified = await jwtVerify(token, keys, {
        issuer,
        audience: settings.audience,
        algorithms: [TOKEN_ALGORITHM],
        typ: TOKEN_TYPE,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      })
      payload = verified.payload
    } catch (error) {
      throw asFailure(error)
    }
    const principal = principalOf(payload)
    if (principal.sessionId !== undefined && settings.revocations?.isRevoked(principal.sessionId)) {
      throw new InvalidTokenError('revoked')
    }
    return principal
  }

  return { verify: check, audit: createAuthAudit(settings) }
}

function keySetOf(source: TokenIssuer, settings: typeof tokenVerifierDefaults): JWTVerifyGetKey {
  if ('keys' in source) return source.keys
  return createRemoteJWKSet(new URL(source.jwksUrl), {
    cooldownDuration: settings.jwksCooldownMs,
    cacheMaxAge: settings.jwksMaxAgeMs,
    timeoutDuration: settings.jwksTimeoutMs,
  })
}

/** Read before the signature is checked: it only chooses the keys that have to fit, and is checked with them. */
function issuerOf(token: string): string {
  try {
    return decodeJwt(token).iss ?? ''
  } catch (error) {
    throw new InvalidTokenError('malformed', error)
  }
}

function asFailure(error: unknown): InvalidTokenError | DependencyError {
  const fault = tokenFaultOf(error)
  if (fault) return new InvalidTokenError(fault, error)
  if (error instanceof errors.JWKSTimeout) return new DependencyError(JWKS, 'timeout', error)
  // jose says of an answer that is no key set what it says in general.
  if (error instanceof errors.JOSEError) return new DependencyError(JWKS, 'invalid_answer', error)
  return new DependencyError(JWKS, 'connection_failed', error)
}

/** @throws InvalidTokenError when a claim is not of its type */
function principalOf({ sub, sid, scope }: JWTPayload): Principal {
  if (!sub || !(sid === undefined || typeof sid === 'string') || typeof scope !== 'string') {
    throw new InvalidTokenError('claims')
  }
  return {
    subject: sub,
    kind: sid === undefined ? 'service' : 'user',
    sessionId: sid,
    scopes: new Set(scope.split(' ').filter((name) => name !== '')),
  }
}
