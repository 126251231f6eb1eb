import type { Session } from '@faultline/contracts'
import { connectOwner } from '@faultline/service-kit'
import { fetchJson } from '@faultline/test-support/http'
import { startNats, type TestNats } from '@faultline/test-support/servers'
import { decodeProtectedHeader, type JSONWebKeySet } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signInAt, startGatewayDatabase, startIdentityGateway, statusAt, WITHIN } from './support/identity.ts'

/** Longer than a key is published before it signs, and than it signs. */
const PATIENCE = { timeout: 20_000, interval: 100 }

let nats: TestNats

beforeAll(async () => {
  nats = await startNats()
})
afterAll(() => nats?.[Symbol.asyncDispose]())

describe('rotation of signing keys', () => {
  it('has no moment without a key: old tokens stay good, the new key is published before it signs', async () => {
    await using owned = await startGatewayDatabase()
    // Long enough for a sign-in between both on a busy machine.
    const times = { keyLeadMs: 5_000, keyMaxAgeMs: 10_000 }
    const natsUrl = nats.url
    await using rotating = await startIdentityGateway({ databaseUrl: owned.serviceUrl, natsUrl, ...times })
    const published = async () => {
      const { body } = await fetchJson<JSONWebKeySet>(`${rotating.url}/.well-known/jwks.json`)
      return body.keys.map(({ kid }) => kid)
    }
    await expect.poll(published, WITHIN).toHaveLength(1)
    const before = await signInAt(rotating)
    const kidOf = ({ accessToken }: Session) => decodeProtectedHeader(accessToken).kid
    const { kid } = await rotating.identity.keys.rotate()
    expect(await published()).toContain(kid)
    expect(kidOf(await signInAt(rotating))).toBe(kidOf(before))
    await expect.poll(async () => kidOf(await signInAt(rotating)), PATIENCE).toBe(kid)
    // The old key's tokens live on: nobody has to sign in again.
    expect(await published()).toContain(kidOf(before))
    expect(await statusAt(rotating, before.accessToken)).toBe(404)
    // And by its age alone the next one comes, without anybody asking.
    await expect.poll(async () => (await published()).length, PATIENCE).toBe(3)
  })

  it('leaves one key to replicas that start at the same time', async () => {
    await using owned = await startGatewayDatabase()
    const options = { databaseUrl: owned.serviceUrl, natsUrl: nats.url }
    await using replicas = new AsyncDisposableStack()
    const started = await Promise.all([1, 2, 3].map(() => startIdentityGateway(options)))
    for (const replica of started) replicas.use(replica)
    const client = await connectOwner(owned.ownerUrl)
    const count = async () =>
      (await client.query('SELECT count(*)::int AS n FROM gateway.signing_keys')).rows[0]?.n
    for (const replica of started) {
      await expect
        .poll(async () => (await fetch(`${replica.url}/.well-known/jwks.json`)).status, WITHIN)
        .toBe(200)
    }
    expect(await count()).toBe(1)
    await client.end()
  })
})
