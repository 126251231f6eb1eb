import { randomUUID } from 'node:crypto'
import { USER_TOKEN_AUDIENCE, USER_TOKEN_ISSUER } from '@faultline/contracts'
import { createLocalJWKSet, type JWTVerifyGetKey } from 'jose'
import { signToken } from './bad-tokens.ts'
import { startIssuer } from './issuer.ts'

/** Stands for the gateway as far as other services see it: signs users' tokens and publishes the key. */
export interface TestUsers extends AsyncDisposable {
  readonly jwksUrl: string
  /** The same key for a verifier in this process, which then asks nobody. */
  readonly keys: JWTVerifyGetKey
  /** A user's access token; `orders:read orders:write` by default. */
  token(userId?: string, claims?: { scope?: string; sessionId?: string | undefined }): Promise<string>
}

const TOKEN_LIFE_SECONDS = 300

export async function startUsers(): Promise<TestUsers> {
  const issuer = await startIssuer()
  return {
    jwksUrl: issuer.jwksUrl,
    keys: createLocalJWKSet({ keys: [issuer.key.publicJwk] }),
    token: (userId = randomUUID(), claims = {}) => {
      const { scope, sessionId } = { scope: 'orders:read orders:write', sessionId: randomUUID(), ...claims }
      const nowSeconds = Math.floor(Date.now() / 1_000)
      return signToken(issuer.key, {
        iss: USER_TOKEN_ISSUER,
        aud: USER_TOKEN_AUDIENCE,
        sub: userId,
        scope,
        ...(sessionId !== undefined && { sid: sessionId }),
        iat: nowSeconds,
        exp: nowSeconds + TOKEN_LIFE_SECONDS,
      })
    },
    [Symbol.asyncDispose]: () => issuer[Symbol.asyncDispose](),
  }
}
