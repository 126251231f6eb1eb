import { randomUUID } from 'node:crypto'
import { CHARGE_TOKEN_AUDIENCE, CHARGE_TOKEN_ISSUER, CHARGE_TOKEN_SCOPE } from '@faultline/contracts'
import { type BadTokens, badTokens, signToken } from '@faultline/service-kit/testing'
import { decodeJwt, generateKeyPair, type JWTPayload } from 'jose'
import { Client } from 'pg'
import { z } from 'zod'
import { DEVELOPMENT_KEYS_SECRET } from '../../services/gateway/src/config.ts'
import { createKeyVault } from '../../services/gateway/src/domain/key-vault.ts'

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
  /** Tokens with the claims of a good one and every scope, each bad in one way. */
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
  const key = { ...sealed, privateKey: await createKeyVault(DEVELOPMENT_KEYS_SECRET).open(sealed) }
  const claimsOf = (good: string) => ({ ...decodeJwt(good), scope: EVERY_SCOPE, jti: randomUUID() })
  return {
    sign: (good, change) => signToken(key, { ...claimsOf(good), ...change }),
    badTokens: (good) => badTokens(key, claimsOf(good)),
  }
}

const keySetSchema = z.object({ keys: z.tuple([z.looseObject({ kid: z.string() })]) })

/**
 * Tokens that claim to be booking's own, in the name of its real key, by somebody who has only what booking
 * publishes; and what users have. That payments checks also what a stolen key signs is for a test of its own.
 *
 * @param keySet booking's, as published
 */
export async function badServiceTokens(keySet: unknown, userToken: string): Promise<BadTokens> {
  const {
    keys: [publicJwk],
  } = keySetSchema.parse(keySet)
  const { privateKey } = await generateKeyPair('ES256')
  const nowSeconds = Math.floor(Date.now() / 1_000)
  const claims = {
    iss: CHARGE_TOKEN_ISSUER,
    aud: CHARGE_TOKEN_AUDIENCE,
    sub: 'booking',
    scope: CHARGE_TOKEN_SCOPE,
    iat: nowSeconds,
    exp: nowSeconds + 60,
  }
  return {
    ...(await badTokens({ kid: publicJwk.kid, publicJwk, privateKey }, claims)),
    'a user’s token with every scope': userToken,
  }
}
