import { randomUUID } from 'node:crypto'
import { CHARGE_TOKEN_AUDIENCE, CHARGE_TOKEN_ISSUER, CHARGE_TOKEN_SCOPE } from '@faultline/contracts'
import {
  type CryptoKey,
  decodeJwt,
  decodeProtectedHeader,
  generateKeyPair,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose'
import { Client } from 'pg'
import { z } from 'zod'
import { DEVELOPMENT_KEYS_SECRET } from '../../services/gateway/src/config.ts'
import { createKeyVault } from '../../services/gateway/src/domain/key-vault.ts'

/** Tokens by what is wrong with them. */
export type BadTokens = Readonly<Record<string, string | undefined>>

const EVERY_SCOPE = 'orders:read orders:write webhooks:manage concerts:write charges:write'

const keySchema = z.object({
  kid: z.string(),
  publicJwk: z.record(z.string(), z.unknown()),
  privateJwe: z.string(),
})

/** Signs as the gateway does, with its own key. */
export interface GatewaySigner {
  /** The claims of a good token with every scope, changed. */
  sign(good: string, change?: JWTPayload): Promise<string>
  /** What is wrong with each is all that is wrong with it. */
  badTokens(good: string): Promise<BadTokens>
}

/** @param postgres URL of the owner of the database */
export async function gatewaySigner(postgres: string): Promise<GatewaySigner> {
  const client = new Client({ connectionString: postgres })
  await client.connect()
  const { rows } = await client
    .query('SELECT kid, public_jwk AS "publicJwk", private_jwe AS "privateJwe" FROM gateway.signing_keys')
    .finally(() => client.end())
  const sealed = keySchema.parse(rows[0])
  const key = await createKeyVault(DEVELOPMENT_KEYS_SECRET).open(sealed)

  const sign = (good: string, change: JWTPayload = {}, by: CryptoKey | Uint8Array = key, alg = 'ES256') =>
    new SignJWT({ ...decodeJwt(good), scope: EVERY_SCOPE, jti: randomUUID(), ...change })
      .setProtectedHeader({ ...decodeProtectedHeader(good), alg, kid: sealed.kid })
      .sign(by)

  return {
    sign: (good, change) => sign(good, change),
    async badTokens(good) {
      const nowSeconds = Math.floor(Date.now() / 1_000)
      const stranger = await generateKeyPair('ES256')
      const whole = await sign(good)
      const [header, , signature] = whole.split('.')
      const claims = Buffer.from(JSON.stringify({ ...decodeJwt(whole), sub: randomUUID() })).toString(
        'base64url',
      )
      return {
        'no token': undefined,
        'no JWT': 'not-a-token',
        expired: await sign(good, { iat: nowSeconds - 600, exp: nowSeconds - 300 }),
        'wrongly signed': await sign(good, {}, stranger.privateKey),
        'claims changed after signing': [header, claims, signature].join('.'),
        'alg none': new UnsecuredJWT({ ...decodeJwt(good), scope: EVERY_SCOPE }).encode(),
        'HS256 by the public key': await sign(
          good,
          {},
          new TextEncoder().encode(JSON.stringify(sealed.publicJwk)),
          'HS256',
        ),
        'for another audience': await sign(good, { aud: 'payments' }),
        'by another issuer': await sign(good, { iss: 'urn:faultline:elsewhere' }),
      }
    },
  }
}

/** Tokens that claim to be booking's own, by strangers; and what users have. */
export async function badServiceTokens(userToken: string): Promise<BadTokens> {
  const stranger = await generateKeyPair('ES256')
  const claims = {
    iss: CHARGE_TOKEN_ISSUER,
    aud: CHARGE_TOKEN_AUDIENCE,
    sub: 'booking',
    scope: CHARGE_TOKEN_SCOPE,
    iat: Math.floor(Date.now() / 1_000),
    exp: Math.floor(Date.now() / 1_000) + 60,
  }
  return {
    'no token': undefined,
    'a user’s token with every scope': userToken,
    'wrongly signed': await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
      .sign(stranger.privateKey),
    'alg none': new UnsecuredJWT(claims).encode(),
  }
}
