import { describe, expect, it } from 'vitest'
import { createServiceTokens } from './service-tokens.ts'
import { ISSUER, serveKeys } from './testing/keys.ts'
import { serveProtected } from './testing/protected-app.ts'

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
