import { randomUUID } from 'node:crypto'
import {
  CHARGE_TOKEN_AUDIENCE,
  CHARGE_TOKEN_ISSUER,
  CHARGE_TOKEN_SCOPE,
  type Scope,
} from '@faultline/contracts'
import { createKeyVault, DEVELOPMENT_KEYS_SECRET } from '@faultline/service-kit'
import { type BadTokens, badTokens, signToken, type TrustedKey } from '@faultline/test-support/tokens'
import { decodeJwt, type JWTPayload } from 'jose'
import { Client } from 'pg'
import { z } from 'zod'

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
  const key = await keyOf('gateway', postgres)
  const claimsOf = (good: string) => ({ ...decodeJwt(good), scope: EVERY_SCOPE, jti: randomUUID() })
  return {
    sign: (good, change) => signToken(key, { ...claimsOf(good), ...change }),
    badTokens: (good) => badTokens(key, claimsOf(good)),
  }
}

/** Signs as booking does towards payments, with its own key. */
export interface BookingSigner {
  sign(scope?: typeof CHARGE_TOKEN_SCOPE | Scope): Promise<string>
  /** Tokens with booking's claims, each bad in one way. */
  badTokens(): Promise<BadTokens>
}

/** @param postgres URL of the owner of the database */
export async function bookingSigner(postgres: string): Promise<BookingSigner> {
  const key = await keyOf('booking', postgres)
  const claims = () => {
    const nowSeconds = Math.floor(Date.now() / 1_000)
    return {
      iss: CHARGE_TOKEN_ISSUER,
      aud: CHARGE_TOKEN_AUDIENCE,
      sub: 'booking',
      scope: CHARGE_TOKEN_SCOPE as string,
      iat: nowSeconds,
      exp: nowSeconds + 60,
    }
  }
  return {
    sign: (scope = CHARGE_TOKEN_SCOPE) => signToken(key, { ...claims(), scope }),
    badTokens: () => badTokens(key, claims()),
  }
}

/** The key that a service of the kit signs with, out of its database. */
async function keyOf(service: 'gateway' | 'booking', postgres: string): Promise<TrustedKey> {
  const client = new Client({ connectionString: postgres })
  await client.connect()
  const { rows } = await client
    .query(
      `SELECT kid, public_jwk AS "publicJwk", private_jwe AS "privateJwe" FROM ${service}.signing_keys
       WHERE signs_from <= now() ORDER BY signs_from DESC LIMIT 1`,
    )
    .finally(() => client.end())
  const sealed = keySchema.parse(rows[0])
  return { ...sealed, privateKey: await createKeyVault(DEVELOPMENT_KEYS_SECRET, service).open(sealed) }
}
