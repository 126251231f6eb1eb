import { testSigningKeys } from '@faultline/test-support/tokens'
import { describe, expect, it } from 'vitest'
import { ISSUER, serveKeys } from '../auth/testing/keys.ts'
import { serveProtected } from '../auth/testing/protected-app.ts'
import { createServiceTokens } from './service-tokens.ts'

describe("a service's own tokens", () => {
  it('are taken by who trusts the service, for what they are meant', async () => {
    const keys = testSigningKeys()
    const tokens = createServiceTokens({
      keys,
      issuer: 'urn:test:booking',
      subject: 'booking',
      audience: 'payments',
      scope: 'orders:write',
    })
    await using keysOfBooking = await serveKeys({ published: (await keys.keySet()).keys })
    const issuers = [{ issuer: 'urn:test:booking', jwksUrl: keysOfBooking.url }]
    await using payments = await serveProtected({ issuers, audience: 'payments' })
    await using other = await serveProtected({ issuers, audience: 'ticketing' })
    const stranger = { issuer: ISSUER, jwksUrl: keysOfBooking.url }
    await using untrusting = await serveProtected({ issuers: [stranger], audience: 'payments' })
    const authorization = `Bearer ${await tokens.token()}`
    expect((await payments.ask(authorization)).status).toBe(204)
    expect(payments.reached[0]?.principal).toMatchObject({
      subject: 'booking',
      kind: 'service',
      sessionId: undefined,
    })
    expect((await other.ask(authorization)).status).toBe(401)
    expect((await untrusting.ask(authorization)).status).toBe(401)
  })

  const claims = { issuer: 'i', subject: 's', audience: 'a', scope: 'x' }

  it('are signed again before they are half through their life', async () => {
    const lasting = createServiceTokens({ keys: testSigningKeys(), ...claims, lifetimeSeconds: 60 })
    expect(await lasting.token()).toBe(await lasting.token())
    const brief = createServiceTokens({ keys: testSigningKeys(), ...claims, lifetimeSeconds: 0 })
    expect(await brief.token()).not.toBe(await brief.token())
  })

  it('are signed as soon as there is a key, though there was none before', async () => {
    const keys = testSigningKeys()
    let there = false
    const signer = () => (there ? keys.signer() : Promise.reject(new Error('no key yet')))
    const tokens = createServiceTokens({ keys: { signer }, ...claims })
    await expect(tokens.token()).rejects.toThrow('no key yet')
    there = true
    expect(await tokens.token()).toMatch(/^ey/)
  })
})
