import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { type JSONWebKeySet, type JWK, SignJWT } from 'jose'
import { TOKEN_ALGORITHM, TOKEN_TYPE } from './token-verifier.ts'

export interface ServiceTokensOptions {
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
  /** The public key, to be served at `/.well-known/jwks.json`. */
  jwks(): JSONWebKeySet
}

/**
 * Signs a service's own tokens. The key lives in memory and as long as the process: nothing to store or to rotate.
 * A verifier that meets the key of a restarted service fetches the key set again; several replicas would need
 * a key set that holds the keys of all.
 */
export function createServiceTokens(options: ServiceTokensOptions): ServiceTokens {
  const { issuer, subject, audience, scope, lifetimeSeconds } = { ...serviceTokensDefaults, ...options }
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const kid = randomUUID()
  const jwk: JWK = { ...publicKey.export({ format: 'jwk' }), kid, alg: TOKEN_ALGORITHM, use: 'sig' }
  let current: { token: Promise<string>; freshUntilMs: number } | undefined

  function sign(): Promise<string> {
    return new SignJWT({ scope })
      .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: TOKEN_TYPE, kid })
      .setIssuer(issuer)
      .setSubject(subject)
      .setAudience(audience)
      .setIssuedAt()
      .setJti(randomUUID())
      .setExpirationTime(`${lifetimeSeconds} s`)
      .sign(privateKey)
  }

  return {
    token() {
      if (!current || current.freshUntilMs <= Date.now()) {
        current = { token: sign(), freshUntilMs: Date.now() + (lifetimeSeconds * 1_000) / 2 }
      }
      return current.token
    },
    jwks: () => ({ keys: [jwk] }),
  }
}
