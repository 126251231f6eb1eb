import { randomUUID } from 'node:crypto'
import { ACCESS_TOKEN_SECONDS, USER_TOKEN_AUDIENCE, USER_TOKEN_ISSUER } from '@faultline/contracts'
import { type SigningKeys, TOKEN_ALGORITHM, TOKEN_TYPE } from '@faultline/service-kit'
import { SignJWT } from 'jose'

export interface TokenSubject {
  userId: string
  sessionId: string
  scope: string
}

/**
 * An access token as every service of the box office takes it.
 *
 * @param sessionEndsAt a token never outlives its session
 * @see https://www.rfc-editor.org/rfc/rfc9068
 */
export async function signAccessToken(
  keys: Pick<SigningKeys, 'signer'>,
  { userId, sessionId, scope }: TokenSubject,
  now: Date,
  sessionEndsAt: Date,
): Promise<{ token: string; expiresIn: number }> {
  const { kid, key } = await keys.signer()
  const issuedAt = Math.floor(now.getTime() / 1_000)
  const expiresAt = Math.min(issuedAt + ACCESS_TOKEN_SECONDS, Math.floor(sessionEndsAt.getTime() / 1_000))
  const token = await new SignJWT({ sid: sessionId, scope })
    .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: TOKEN_TYPE, kid })
    .setIssuer(USER_TOKEN_ISSUER)
    .setAudience(USER_TOKEN_AUDIENCE)
    .setSubject(userId)
    .setJti(randomUUID())
    .setIssuedAt(issuedAt)
    .setExpirationTime(expiresAt)
    .sign(key)
  return { token, expiresIn: Math.max(1, expiresAt - issuedAt) }
}
