import { createPublicKey } from 'node:crypto'
import { exportSPKI, SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createRevocationList, type RevocationList } from './revocations.ts'
import {
  AUDIENCE,
  ISSUER,
  inSeconds,
  type KeyServer,
  makeKey,
  type SigningKey,
  serveKeys,
  tokenBy,
} from './testing/keys.ts'
import { type ProtectedApp, serveProtected } from './testing/protected-app.ts'

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token without a signature, its parts written by hand: no library makes one. */
function unsignedToken(alg: string) {
  const claims = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: 'user-1',
    sid: 's',
    scope: 'orders:write',
    exp: inSeconds(300),
  }
  return `${base64url({ alg, typ: 'at+jwt' })}.${base64url(claims)}.`
}

let key: SigningKey
let stranger: SigningKey
let otherAlgorithm: SigningKey
let keyServer: KeyServer
let revocations: RevocationList
let app: ProtectedApp

beforeAll(async () => {
  key = await makeKey()
  stranger = await makeKey()
  otherAlgorithm = await makeKey('ES384')
  keyServer = await serveKeys({ published: [key.jwk, otherAlgorithm.jwk] })
})
afterAll(() => keyServer[Symbol.asyncDispose]())

beforeEach(async () => {
  revocations = createRevocationList()
  app = await serveProtected({ issuers: [{ issuer: ISSUER, jwksUrl: keyServer.url }], revocations })
  return () => app[Symbol.asyncDispose]()
})

describe('authenticated', () => {
  it('lets a good token through and says who it is', async () => {
    const token = await tokenBy(key)
    expect((await app.ask(`Bearer ${token}`)).status).toBe(204)
    expect(app.reached).toEqual([
      {
        token,
        principal: {
          subject: 'user-1',
          kind: 'user',
          sessionId: 'session-1',
          scopes: new Set(['orders:read', 'orders:write']),
        },
      },
    ])
    expect(await app.telemetry.value('auth_token_checks_total', { outcome: 'accepted' })).toBe(1)
  })

  it.each<[string, string, () => Promise<string | undefined>]>([
    ['no token', 'missing', async () => undefined],
    ['another scheme', 'malformed', async () => 'Basic dXNlcjpwYXNz'],
    ['no JWT', 'malformed', async () => 'Bearer abc'],
    ['two tokens', 'malformed', async () => `Bearer ${await tokenBy(key)}, Bearer ${await tokenBy(key)}`],
    ['expired', 'expired', async () => `Bearer ${await tokenBy(key, { expiresAt: inSeconds(-10) })}`],
    [
      'without an expiry',
      'claims',
      async () => `Bearer ${await tokenBy(key, { claims: { exp: undefined as never } })}`,
    ],
    [
      'meant for another audience',
      'audience',
      async () => `Bearer ${await tokenBy(key, { claims: { aud: 'payments' } })}`,
    ],
    [
      'of another issuer',
      'issuer',
      async () => `Bearer ${await tokenBy(key, { claims: { iss: 'urn:evil' } })}`,
    ],
    ['of another type', 'claims', async () => `Bearer ${await tokenBy(key, { header: { typ: 'JWT' } })}`],
    ['of an unknown key', 'unknown_key', async () => `Bearer ${await tokenBy(stranger)}`],
    [
      "signed wrongly, in a known key's name",
      'signature',
      async () => `Bearer ${await tokenBy({ ...stranger, kid: key.kid })}`,
    ],
    ['signed for other claims', 'signature', async () => `Bearer ${await tampered()}`],
    ['with alg none', 'algorithm', async () => `Bearer ${unsignedToken('none')}`],
    ['with ES256 and no signature', 'signature', async () => `Bearer ${unsignedToken('ES256')}`],
    [
      'signed by a known key of another algorithm',
      'algorithm',
      async () => `Bearer ${await tokenBy(otherAlgorithm, { header: { alg: 'ES384' } })}`,
    ],
    ['with HS256 by the public key', 'algorithm', async () => `Bearer ${await confusedToken()}`],
    [
      'with a scope of another shape',
      'claims',
      async () => `Bearer ${await tokenBy(key, { claims: { scope: 7 } })}`,
    ],
  ])('refuses a request whose token is %s', async (_, fault, authorization) => {
    const answer = await app.ask(await authorization())
    expect(answer).toMatchObject({ status: 401, type: 'urn:faultline:problem:unauthenticated' })
    expect(answer.challenge).toMatch(fault === 'missing' ? /^Bearer$/ : /^Bearer error="invalid_token"/)
    expect(app.reached).toEqual([])
    expect(await app.telemetry.value('auth_token_checks_total', { outcome: fault })).toBe(1)
    expect(app.telemetry.lines).toContainEqual(
      expect.objectContaining({ 'event.name': 'security.authn_failure', reason: fault }),
    )
  })

  it('refuses a scope that is too small with 403 and says which one it takes', async () => {
    const answer = await app.ask(
      `Bearer ${await tokenBy(key, { claims: { scope: 'orders:read orders:writer' } })}`,
    )
    expect(answer).toMatchObject({
      status: 403,
      type: 'urn:faultline:problem:insufficient-scope',
      challenge: 'Bearer error="insufficient_scope", scope="orders:write"',
    })
    expect(app.reached).toEqual([])
    expect(app.telemetry.lines).toContainEqual(
      expect.objectContaining({ 'event.name': 'security.authz_denied' }),
    )
  })

  it('refuses the tokens of a revoked session, and only those', async () => {
    revocations.add('session-1', Date.now() + 60_000)
    expect((await app.ask(`Bearer ${await tokenBy(key)}`)).text).toContain('the session has ended')
    expect((await app.ask(`Bearer ${await tokenBy(key, { claims: { sid: 'session-2' } })}`)).status).toBe(204)
  })
})

/** A good token whose claims were exchanged for better ones. */
async function tampered(): Promise<string> {
  const [header, , signature] = (await tokenBy(key)).split('.')
  const claims = { iss: ISSUER, aud: AUDIENCE, sub: 'admin', scope: 'orders:write', exp: inSeconds(300) }
  return `${header}.${base64url(claims)}.${signature}`
}

/** The public key, which everybody has, taken for a shared secret. */
async function confusedToken(): Promise<string> {
  const secret = createPublicKey(await exportSPKI(key.publicKey)).export({ type: 'spki', format: 'pem' })
  return new SignJWT({ sub: 'user-1', sid: 's', scope: 'orders:write' })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: key.kid })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setExpirationTime('5 min')
    .sign(Buffer.from(secret.toString()))
}
