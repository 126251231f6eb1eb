import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { TOKEN_ALGORITHM, TOKEN_TYPE } from '../auth/token-verifier.ts'
import type { SigningKeys } from './signing-keys.ts'

export interface ServiceTokensOptions {
  keys: Pick<SigningKeys, 'signer'>
  /** Who signs, for example `urn:faultline:booking`. */
  issuer: string
  /** Name of the service. */
  subject: string
  /** The service that is called. */
  audience: string
  /** Scopes, separated by spaces. */
  scope: string
  /** Life of a token, in seconds. */
  lifetimeSeconds?: number
}

export const serviceTokensDefaults = { lifetimeSeconds: 60 } satisfies Partial<ServiceTokensOptions>

/** A service's own identity towards another service. */
export interface ServiceTokens {
  /** A token with at least half of its life left. */
  token(): Promise<string>
}

/** Signs a service's own tokens. */
export function createServiceTokens(options: ServiceTokensOptions): ServiceTokens {
  const { keys, issuer, subject, audience, scope, lifetimeSeconds } = { ...serviceTokensDefaults, ...options }
  let current: { token: string; freshUntilMs: number } | undefined

  async function sign(): Promise<string> {
    const { kid, key } = await keys.signer()
    return new SignJWT({ scope })
      .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: TOKEN_TYPE, kid })
      .setIssuer(issuer)
      .setSubject(subject)
      .setAudience(audience)
      .setIssuedAt()
      .setJti(randomUUID())
      .setExpirationTime(`${lifetimeSeconds} s`)
      .sign(key)
  }

  return {
    async token() {
      if (current && current.freshUntilMs > Date.now()) return current.token
      // Kept only once it is signed: that there was no key yet must not be remembered.
      const freshUntilMs = Date.now() + (lifetimeSeconds * 1_000) / 2
      current = { token: await sign(), freshUntilMs }
      return current.token
    },
  }
}
