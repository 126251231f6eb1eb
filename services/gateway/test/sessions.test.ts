import type { Problem, Session } from '@faultline/contracts'
import { connectNats, createTokenVerifier, watchRevocations } from '@faultline/service-kit'
import { fetchJson } from '@faultline/test-support/http'
import { freePort } from '@faultline/test-support/ports'
import { startNats, type TestNats } from '@faultline/test-support/servers'
import { testTelemetry } from '@faultline/test-support/telemetry'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoUsers } from '../src/seed.ts'
import {
  DEMO_PASSWORD,
  type GatewayDatabase,
  type IdentityGateway,
  postAt,
  signInAt,
  startGatewayDatabase,
  startIdentityGateway,
  statusAt,
  WITHIN,
} from './support/identity.ts'

let database: GatewayDatabase
let nats: TestNats
let gateway: IdentityGateway

beforeAll(async () => {
  nats = await startNats()
  database = await startGatewayDatabase()
  gateway = await startIdentityGateway({ databaseUrl: database.serviceUrl, natsUrl: nats.url })
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await database?.[Symbol.asyncDispose]()
  await nats?.[Symbol.asyncDispose]()
})

const post = <Body = Problem>(path: string, body: unknown, at = gateway) => postAt<Body>(at, path, body)

const signIn = (username = 'visitor-1', at = gateway) => signInAt(at, username)

const refresh = (refreshToken: string) => post<Session>('/v1/sessions/refresh', { refreshToken })

const statusWith = (token: string, at = gateway) => statusAt(at, token)

const signOut = (token: string) =>
  fetchJson(`${gateway.url}/v1/sessions/current`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${token}` },
  })

describe('signing in', () => {
  it('gives tokens of the user, with the claims and scopes of the contract', async () => {
    const session = await signIn()
    const user = demoUsers[0]
    expect(session).toMatchObject({ userId: user?.id, scope: 'orders:read orders:write', expiresIn: 300 })
    expect(decodeProtectedHeader(session.accessToken)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' })
    expect(decodeJwt(session.accessToken)).toMatchObject({
      iss: 'urn:faultline:gateway',
      aud: 'box-office',
      sub: user?.id,
      sid: session.sessionId,
      scope: 'orders:read orders:write',
      jti: expect.any(String),
    })
    expect(await statusWith(session.accessToken)).toBe(404)
  })

  it('gives organisers more', async () => {
    expect((await signIn('organiser-3')).scope).toBe(
      'orders:read orders:write webhooks:manage concerts:write',
    )
  })

  it.each([
    ['a wrong password', 'visitor-1', 'wrong-password'],
    ['an unknown user', 'nobody-there', DEMO_PASSWORD],
  ])('answers %s alike: 401, nothing said of which it was', async (_, username, password) => {
    const { status, headers, body } = await post('/v1/sessions', { username, password })
    expect({ status, type: body.type, detail: body.detail }).toEqual({
      status: 401,
      type: 'urn:faultline:problem:wrong-credentials',
      detail: 'name or password is wrong',
    })
    expect(headers.get('www-authenticate')).toBe('Bearer')
    expect(gateway.telemetry.lines).toContainEqual(
      expect.objectContaining({ 'event.name': 'security.authn_failure', reason: 'wrong_credentials' }),
    )
  })

  it('is not cached, and its answers show no secret in the log', async () => {
    const { headers, body } = await post<Session>('/v1/sessions', {
      username: 'visitor-2',
      password: DEMO_PASSWORD,
    })
    expect(headers.get('cache-control')).toBe('no-store')
    const log = JSON.stringify(gateway.telemetry.lines)
    for (const secret of [body.accessToken, body.refreshToken, DEMO_PASSWORD])
      expect(log).not.toContain(secret)
  })
})

describe('refreshing', () => {
  it('exchanges a token for the next one, of the same session and user', async () => {
    const first = await signIn()
    const { status, body } = await refresh(first.refreshToken)
    expect(status).toBe(200)
    expect(body).toMatchObject({ sessionId: first.sessionId, userId: first.userId, scope: first.scope })
    expect(body.refreshToken).not.toBe(first.refreshToken)
    expect(await statusWith(body.accessToken)).toBe(404)
  })

  it('ends the session when a token is used twice: the next one and the access tokens are worth nothing', async () => {
    const first = await signIn()
    const { body: second } = await refresh(first.refreshToken)
    expect((await refresh(first.refreshToken)).status).toBe(401)
    expect((await refresh(second.refreshToken)).status).toBe(401)
    expect(await statusWith(second.accessToken)).toBe(401)
    expect(gateway.telemetry.lines).toContainEqual(
      expect.objectContaining({ 'event.name': 'security.token_reuse', 'session.id': first.sessionId }),
    )
  })

  it('lets one of many that come at the same time win, at most', async () => {
    const { refreshToken } = await signIn()
    const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(refreshToken)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(7)
  })

  it('refuses what was never a token', async () => {
    expect((await refresh('A'.repeat(43))).status).toBe(401)
  })
})

describe('signing out', () => {
  it('ends the session at once here, and within seconds in every verifier', async () => {
    const session = await signIn()
    await using elsewhere = await startVerifier()
    await elsewhere.verify(session.accessToken)
    expect((await signOut(session.accessToken)).status).toBe(204)
    expect(await statusWith(session.accessToken)).toBe(401)
    expect((await signOut(session.accessToken)).status).toBe(401)
    expect((await refresh(session.refreshToken)).status).toBe(401)
    await expect.poll(() => elsewhere.refusal(session.accessToken), WITHIN).toBe('revoked')
  })

  it('reaches another replica of the gateway without the broker, and one that starts afterwards', async () => {
    const natsUrl = `nats://127.0.0.1:${await freePort()}`
    await using replica = await startIdentityGateway({ databaseUrl: database.serviceUrl, natsUrl })
    const session = await signIn()
    await expect.poll(() => statusWith(session.accessToken, replica), WITHIN).toBe(404)
    expect((await signOut(session.accessToken)).status).toBe(204)
    await expect.poll(() => statusWith(session.accessToken, replica), WITHIN).toBe(401)
    await using late = await startIdentityGateway({ databaseUrl: database.serviceUrl, natsUrl })
    await expect.poll(() => statusWith(session.accessToken, late), WITHIN).toBe(401)
  })

  it('reaches the verifiers after the broker was away', async () => {
    const session = await signIn()
    await nats.kill()
    expect((await signOut(session.accessToken)).status).toBe(204)
    await nats.start()
    await using elsewhere = await startVerifier()
    await expect
      .poll(() => elsewhere.refusal(session.accessToken), { ...WITHIN, timeout: 10_000 })
      .toBe('revoked')
  })
})

describe('the database', () => {
  it('holds no token, no password and no private key that could be used', async () => {
    const session = await signIn('visitor-7')
    const client = new pg.Client({ connectionString: database.ownerUrl })
    await client.connect()
    const rows: unknown[] = []
    for (const table of ['users', 'sessions', 'refresh_tokens', 'signing_keys']) {
      rows.push((await client.query(`SELECT * FROM gateway.${table}`)).rows)
    }
    await client.end()
    const dump = JSON.stringify(rows)
    for (const secret of [session.refreshToken, session.accessToken, DEMO_PASSWORD]) {
      expect(dump).not.toContain(secret)
    }
    expect(dump).not.toMatch(/"d":/)
  })

  it.each([
    "UPDATE gateway.users SET scopes = ARRAY['concerts:write']",
    'DELETE FROM gateway.users',
    'UPDATE gateway.sessions SET expires_at = now()',
    'UPDATE gateway.signing_keys SET signs_from = now()',
    'CREATE TABLE gateway.mine (id int)',
    'SELECT * FROM gateway.migrations',
  ])("does not let the service's role do what it need not: %s", async (text) => {
    const client = new pg.Client({ connectionString: database.serviceUrl })
    await client.connect()
    await expect(client.query(text)).rejects.toThrow(/permission denied/)
    await client.end()
  })

  it('is migrated and seeded once; a new demo password reaches the users', async () => {
    expect(await database.migrateAgain()).toBe(false)
    expect(await database.migrateAgain('another-password')).toBe(true)
    expect((await post('/v1/sessions', { username: 'visitor-3', password: DEMO_PASSWORD })).status).toBe(401)
    expect(await database.migrateAgain()).toBe(true)
    await signIn('visitor-3')
  })
})

describe('without a database', () => {
  it('sign-in and tokens are answered 503, and it comes back by itself', async () => {
    const session = await signIn()
    await using lonely = await startIdentityGateway({
      databaseUrl: `postgres://gateway_service:x@127.0.0.1:${await freePort()}/box_office`,
      natsUrl: nats.url,
    })
    expect((await post('/v1/sessions', { username: 'visitor-1', password: 'whatever' }, lonely)).status).toBe(
      503,
    )
    expect(await statusWith(session.accessToken, lonely)).toBe(503)
    expect((await fetch(`${lonely.url}/.well-known/jwks.json`)).status).toBe(503)
    await database.postgres.stop()
    // Keys that are known still check tokens.
    expect(await statusWith(session.accessToken)).toBe(404)
    await database.postgres.start()
    await expect.poll(async () => (await refresh(session.refreshToken)).status, WITHIN).toBe(200)
  })
})

/** A service that checks users' tokens as booking does: keys by HTTP, revocations over the broker. */
async function startVerifier() {
  const telemetry = testTelemetry()
  const client = connectNats({ url: nats.url, name: 'booking', ...telemetry, retryMs: 20 })
  const verifier = createTokenVerifier({
    issuers: [{ issuer: 'urn:faultline:gateway', jwksUrl: `${gateway.url}/.well-known/jwks.json` }],
    audience: 'box-office',
    revocations: watchRevocations({ ...telemetry, nats: client }),
  })
  return {
    verify: (token: string) => verifier.verify(token),
    refusal: (token: string) =>
      verifier.verify(token).then(
        () => 'none',
        (error: { fault?: string }) => error.fault ?? String(error),
      ),
    [Symbol.asyncDispose]: () => client.close(),
  }
}
