import type { Middleware } from 'koa'
import { ProblemError } from '../app/problem.ts'
import { InvalidTokenError, type TokenFault } from './audit.ts'
import type { AuthenticatedState, Principal, TokenVerifier } from './token-verifier.ts'

/**
 * Lets a request through that has a good bearer token with all of the scopes; leaves who it is in
 * `ctx.state.principal` and the token in `ctx.state.token`. Anything else is answered with 401 or 403, as RFC 6750
 * says.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
 */
export function authenticated(
  verifier: TokenVerifier,
  ...requiredScopes: string[]
): Middleware<AuthenticatedState> {
  return async function authenticatedMiddleware(ctx, next) {
    const { principal, token } = await identify(verifier, ctx.get('authorization'))
    const missing = requiredScopes.filter((scope) => !principal.scopes.has(scope))
    if (missing.length > 0) {
      verifier.audit.denied(principal.subject, missing)
      throw insufficientScope(requiredScopes)
    }
    verifier.audit.accepted()
    ctx.state.principal = principal
    ctx.state.token = token
    await next()
  }
}

async function identify(
  verifier: TokenVerifier,
  authorization: string,
): Promise<{ principal: Principal; token: string }> {
  try {
    const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization)?.[1]
    if (token === undefined) throw new InvalidTokenError(authorization === '' ? 'missing' : 'malformed')
    return { principal: await verifier.verify(token), token }
  } catch (error) {
    if (!(error instanceof InvalidTokenError)) throw error
    verifier.audit.refused(error.fault)
    throw unauthenticated(error)
  }
}

/** What the client is told: whether to refresh or to sign in, not how the check works. */
const DETAILS: Partial<Record<TokenFault, string>> = {
  missing: 'send Authorization: Bearer with an access token',
  expired: 'the access token has expired; refresh the session',
  revoked: 'the session has ended; sign in again',
}

function unauthenticated(error: InvalidTokenError): ProblemError {
  const detail = DETAILS[error.fault] ?? 'the access token is not valid here'
  return new ProblemError({
    status: 401,
    type: 'unauthenticated',
    title: 'The request needs a valid access token',
    detail,
    headers: {
      'www-authenticate':
        error.fault === 'missing' ? 'Bearer' : `Bearer error="invalid_token", error_description="${detail}"`,
    },
    cause: error,
  })
}

function insufficientScope(required: readonly string[]): ProblemError {
  const scope = required.join(' ')
  return new ProblemError({
    status: 403,
    type: 'insufficient-scope',
    title: 'The access token allows too little',
    detail: `this needs the scope ${scope}`,
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  })
}
