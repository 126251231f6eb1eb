import { randomUUID } from 'node:crypto'
import { type CryptoKey, generateKeyPair, type JWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { TOKEN_ALGORITHM, TOKEN_TYPE } from '../auth/token-verifier.ts'

/** A key whose tokens are taken where the bad ones are tried. */
export interface TrustedKey {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

/** Tokens by what is wrong with them. */
export type BadTokens = Readonly<Record<string, string | undefined>>

/** A token as its issuer signs it. */
export function signToken({ kid, privateKey }: TrustedKey, claims: JWTPayload): Promise<string> {
  return sign(claims, kid, privateKey)
}

/**
 * Tokens that no service may take. What is wrong with each is all that is wrong with it, so that every check has to
 * do its part.
 *
 * @param claims of a token that would be taken, with every scope
 */
export async function badTokens(key: TrustedKey, claims: JWTPayload): Promise<BadTokens> {
  const nowSeconds = Math.floor(Date.now() / 1_000)
  const stranger = await generateKeyPair(TOKEN_ALGORITHM)
  const changed = (change: JWTPayload) => signToken(key, { ...claims, ...change })
  const { exp: _, ...endless } = claims
  const [header, , signature] = (await changed({})).split('.')
  const otherClaims = Buffer.from(JSON.stringify({ ...claims, sub: randomUUID() })).toString('base64url')
  const publicKey = new TextEncoder().encode(JSON.stringify(key.publicJwk))
  return {
    'no token': undefined,
    'no JWT': 'not-a-token',
    expired: await changed({ iat: nowSeconds - 600, exp: nowSeconds - 300 }),
    'without an expiry': await signToken(key, endless),
    "wrongly signed in a known key's name": await sign(claims, key.kid, stranger.privateKey),
    'signed by a key that nobody knows': await sign(claims, randomUUID(), stranger.privateKey),
    'claims changed after signing': [header, otherClaims, signature].join('.'),
    'alg none': new UnsecuredJWT(claims).encode(),
    'HS256 by the public key': await sign(claims, key.kid, publicKey, { alg: 'HS256' }),
    'of another type': await sign(claims, key.kid, key.privateKey, { typ: 'JWT' }),
    'for another audience': await changed({ aud: 'elsewhere' }),
    'by another issuer': await changed({ iss: 'urn:faultline:elsewhere' }),
  }
}

function sign(
  claims: JWTPayload,
  kid: string,
  by: CryptoKey | Uint8Array,
  header: { alg?: string; typ?: string } = {},
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: TOKEN_TYPE, kid, ...header })
    .sign(by)
}
