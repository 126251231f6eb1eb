import { createPublicKey, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import {
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  SignJWT,
} from 'jose'
import Koa from 'koa'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { listen } from '../lifecycle/listen.ts'
import { problems } from '../problems/middleware.ts'
import { freePort } from '../testing/free-port.ts'
import { type ServedApp, serve } from '../testing/serve.ts'
import { type TestTelemetry, testTelemetry } from '../testing/telemetry.ts'
import { authenticated } from './authenticated.ts'
import type { AuthenticatedState } from './principal.ts'
import { createRevocationList, type RevocationList } from './revocations.ts'
import { createServiceTokens } from './service-tokens.ts'
import { createTokenVerifier, type TokenVerifierOptions } from './token-verifier.ts'

const ISSUER = 'urn:test:gateway'
const AUDIENCE = 'box-office'

interface SigningKey {
  kid: string
  privateKey: CryptoKey
  publicKey: CryptoKey
  jwk: JWK
}

async function makeKey(alg = 'ES256'): Promise<SigningKey> {
  const kid = randomUUID()
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg } }
}

/** A server of an issuer's key set, which a test may change. */
async function serveKeys(keys: { published: readonly JWK[] }) {
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

interface Changes {
  header?: Record<string, unknown>
  claims?: JWTPayload
  expiresAt?: number
}

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds

/** A token as the gateway signs it, but for the changes. */
function tokenBy(key: SigningKey, { header, claims, expiresAt = inSeconds(300) }: Changes = {}) {
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
let keyServer: Awaited<ReturnType<typeof serveKeys>>
let revocations: RevocationList
let telemetry: TestTelemetry
let server: ServedApp
let reached: AuthenticatedState[]

async function serveVerified(options: Partial<TokenVerifierOptions> = {}): Promise<ServedApp> {
  const verifier = createTokenVerifier({
    issuers: [{ issuer: ISSUER, jwksUrl: keyServer.url }],
    audience: AUDIENCE,
    revocations,
    ...telemetry,
    ...options,
  })
  const app = new Koa()
  app.use(problems(telemetry))
  app.use(authenticated(verifier, 'orders:write'))
  app.use((ctx) => {
    reached.push({ principal: ctx.state.principal, token: ctx.state.token })
    ctx.status = 204
  })
  return serve(app)
}

async function ask(authorization: string | undefined, url = server.url) {
  const answer = await fetch(url, { headers: authorization === undefined ? {} : { authorization } })
  const text = await answer.text()
  return {
    status: answer.status,
    challenge: answer.headers.get('www-authenticate'),
    type: text === '' ? undefined : (JSON.parse(text) as { type: string }).type,
    text,
  }
}

beforeAll(async () => {
  key = await makeKey()
  stranger = await makeKey()
  otherAlgorithm = await makeKey('ES384')
  keyServer = await serveKeys({ published: [key.jwk, otherAlgorithm.jwk] })
})
afterAll(() => keyServer[Symbol.asyncDispose]())

beforeEach(async () => {
  revocations = createRevocationList()
  telemetry = testTelemetry()
  reached = []
  server = await serveVerified()
  return () => server[Symbol.asyncDispose]()
})

describe('authenticated', () => {
  it('lets a good token through and says who it is', async () => {
    const token = await tokenBy(key)
    expect((await ask(`Bearer ${token}`)).status).toBe(204)
    expect(reached).toEqual([
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
    expect(await telemetry.value('auth_token_checks_total', { outcome: 'accepted' })).toBe(1)
  })

  it('fetches the keys once for many requests', async () => {
    const before = keyServer.fetches()
    const token = await tokenBy(key)
    await Promise.all(Array.from({ length: 20 }, () => ask(`Bearer ${token}`)))
    expect(keyServer.fetches() - before).toBe(1)
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
    const answer = await ask(await authorization())
    expect(answer).toMatchObject({ status: 401, type: 'urn:faultline:problem:unauthenticated' })
    expect(answer.challenge).toMatch(fault === 'missing' ? /^Bearer$/ : /^Bearer error="invalid_token"/)
    expect(reached).toEqual([])
    expect(await telemetry.value('auth_token_checks_total', { outcome: fault })).toBe(1)
    expect(telemetry.lines).toContainEqual(
      expect.objectContaining({ 'event.name': 'security.authn_failure', reason: fault }),
    )
  })

  it('refuses a scope that is too small with 403 and says which one it takes', async () => {
    const answer = await ask(
      `Bearer ${await tokenBy(key, { claims: { scope: 'orders:read orders:writer' } })}`,
    )
    expect(answer).toMatchObject({
      status: 403,
      type: 'urn:faultline:problem:insufficient-scope',
      challenge: 'Bearer error="insufficient_scope", scope="orders:write"',
    })
    expect(reached).toEqual([])
    expect(telemetry.lines).toContainEqual(expect.objectContaining({ 'event.name': 'security.authz_denied' }))
  })

  it('refuses the tokens of a revoked session, and only those', async () => {
    revocations.add('session-1', Date.now() + 60_000)
    expect((await ask(`Bearer ${await tokenBy(key)}`)).text).toContain('the session has ended')
    expect((await ask(`Bearer ${await tokenBy(key, { claims: { sid: 'session-2' } })}`)).status).toBe(204)
  })

  it('takes a key as soon as it is published, and none that is withdrawn for longer than it keeps them', async () => {
    const keys = { published: [key.jwk] }
    await using rotating = await serveKeys(keys)
    await using api = await serveVerified({
      issuers: [{ issuer: ISSUER, jwksUrl: rotating.url }],
      jwksCooldownMs: 0,
      jwksMaxAgeMs: 50,
    })
    const status = async (by: SigningKey) => (await ask(`Bearer ${await tokenBy(by)}`, api.url)).status
    expect(await status(stranger)).toBe(401)
    keys.published = [key.jwk, stranger.jwk]
    expect(await status(stranger)).toBe(204)
    keys.published = [stranger.jwk]
    await expect.poll(() => status(key)).toBe(401)
  })

  it('answers 503, not 401, when the keys cannot be had', async () => {
    const jwksUrl = `http://127.0.0.1:${await freePort()}/jwks`
    await using api = await serveVerified({ issuers: [{ issuer: ISSUER, jwksUrl }] })
    const answer = await ask(`Bearer ${await tokenBy(key)}`, api.url)
    expect(answer.status).toBe(503)
    expect(JSON.parse(answer.text)).toMatchObject({ dependency: 'jwks', cause: 'connection_failed' })
    expect(reached).toEqual([])
  })

  it('waits for the keys no longer than it is told', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    await using _closed = {
      async [Symbol.asyncDispose]() {
        silent.closeAllConnections()
        silent.close()
      },
    }
    await expect.poll(() => silent.address()).not.toBeNull()
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : undefined
    await using api = await serveVerified({
      issuers: [{ issuer: ISSUER, jwksUrl: `http://127.0.0.1:${port}/` }],
      jwksTimeoutMs: 50,
    })
    expect((await ask(`Bearer ${await tokenBy(key)}`, api.url)).status).toBe(504)
  })
})

describe("a service's own tokens", () => {
  it('are taken by who trusts the service, for what they are meant', async () => {
    const tokens = createServiceTokens({
      issuer: 'urn:test:booking',
      subject: 'booking',
      audience: 'payments',
      scope: 'orders:write',
    })
    await using keysOfBooking = await serveKeys({ published: tokens.jwks().keys })
    const issuers = [{ issuer: 'urn:test:booking', jwksUrl: keysOfBooking.url }]
    await using payments = await serveVerified({ issuers, audience: 'payments' })
    await using other = await serveVerified({ issuers, audience: 'ticketing' })
    const authorization = `Bearer ${await tokens.token()}`
    expect((await ask(authorization, payments.url)).status).toBe(204)
    expect(reached[0]?.principal).toMatchObject({ subject: 'booking', kind: 'service', sessionId: undefined })
    expect((await ask(authorization, other.url)).status).toBe(401)
    expect((await ask(authorization)).status).toBe(401)
  })

  it('are signed again before they are half through their life, and show no private key', async () => {
    const of = (lifetimeSeconds: number) =>
      createServiceTokens({ issuer: 'i', subject: 's', audience: 'a', scope: 'x', lifetimeSeconds })
    const lasting = of(60)
    expect(await lasting.token()).toBe(await lasting.token())
    const brief = of(0)
    expect(await brief.token()).not.toBe(await brief.token())
    expect(lasting.jwks().keys[0]).not.toHaveProperty('d')
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
