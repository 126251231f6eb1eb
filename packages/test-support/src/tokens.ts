import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { USER_TOKEN_AUDIENCE, USER_TOKEN_ISSUER } from '@faultline/contracts'
import { TOKEN_ALGORITHM, TOKEN_TYPE } from '@faultline/service-kit'
import {
  type CryptoKey,
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  type JSONWebKeySet,
  type JWK,
  type JWTPayload,
  type JWTVerifyGetKey,
  SignJWT,
  UnsecuredJWT,
} from 'jose'

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

/** Somebody whose tokens are taken: a key and the place where its public part is published. */
export interface TestIssuer extends AsyncDisposable {
  readonly jwksUrl: string
  readonly key: TrustedKey
}

export async function startIssuer(): Promise<TestIssuer> {
  const kid = 'test'
  const { privateKey, publicKey } = await generateKeyPair(TOKEN_ALGORITHM)
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: TOKEN_ALGORITHM, use: 'sig' }
  const server = createServer((_req, res) => {
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [publicJwk] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/.well-known/jwks.json`,
    key: { kid, privateKey, publicJwk },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

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

/** Signing keys that live as long as the test. */
export interface TestSigningKeys {
  signer(): Promise<{ kid: string; key: CryptoKey }>
  keySet(): Promise<JSONWebKeySet>
}

export function testSigningKeys(): TestSigningKeys {
  const kid = randomUUID()
  const pair = generateKeyPair(TOKEN_ALGORITHM)
  return {
    signer: async () => ({ kid, key: (await pair).privateKey }),
    keySet: async () => {
      const jwk = await exportJWK((await pair).publicKey)
      return { keys: [{ ...jwk, kid, alg: TOKEN_ALGORITHM, use: 'sig' }] }
    },
  }
}
