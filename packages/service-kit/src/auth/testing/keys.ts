import { randomUUID } from 'node:crypto'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import { listen } from '../../service/listen.ts'

export const ISSUER = 'urn:test:gateway'
export const AUDIENCE = 'box-office'

export interface SigningKey {
  kid: string
  privateKey: CryptoKey
  publicKey: CryptoKey
  jwk: JWK
}

export async function makeKey(alg = 'ES256'): Promise<SigningKey> {
  const kid = randomUUID()
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg } }
}

/** A server of an issuer's key set. */
export interface KeyServer extends AsyncDisposable {
  readonly url: string
  /** How often the set was fetched. */
  fetches(): number
}

/** @param keys the set, which a test may change */
export async function serveKeys(keys: { published: readonly JWK[] }): Promise<KeyServer> {
  let fetches = 0
  const listener = await listen(
    (_req, res) => {
      fetches++
      res.setHeader('content-type', 'application/json')
      res.end(JSON.stringify({ keys: keys.published }))
    },
    { host: '127.0.0.1', port: 0, variable: 'PORT' },
  )
  return {
    url: `http://127.0.0.1:${listener.port}/jwks`,
    fetches: () => fetches,
    [Symbol.asyncDispose]: async () => void (await listener.drain(0)),
  }
}

export interface Changes {
  header?: Record<string, unknown>
  claims?: JWTPayload
  expiresAt?: number
}

export const inSeconds = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds

/** A token as the gateway signs it, but for the changes. */
export function tokenBy(key: SigningKey, { header, claims, expiresAt = inSeconds(300) }: Changes = {}) {
  return new SignJWT({
    iss: ISSUER,
    aud: AUDIENCE,
    sub: 'user-1',
    sid: 'session-1',
    scope: 'orders:read orders:write',
    exp: expiresAt,
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: key.kid, ...header })
    .sign(key.privateKey)
}
