/** Where the keys of an issuer come from, and what becomes of requests when they cannot be had. */
import { createServer } from 'node:http'
import { freePort } from '@faultline/test-support/ports'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ISSUER, type KeyServer, makeKey, type SigningKey, serveKeys, tokenBy } from './testing/keys.ts'
import { serveProtected } from './testing/protected-app.ts'

let key: SigningKey
let stranger: SigningKey
let keyServer: KeyServer

beforeAll(async () => {
  key = await makeKey()
  stranger = await makeKey()
  keyServer = await serveKeys({ published: [key.jwk] })
})
afterAll(() => keyServer[Symbol.asyncDispose]())

describe('the keys of an issuer', () => {
  it('are fetched once for many requests', async () => {
    await using app = await serveProtected({ issuers: [{ issuer: ISSUER, jwksUrl: keyServer.url }] })
    const before = keyServer.fetches()
    const token = await tokenBy(key)
    await Promise.all(Array.from({ length: 20 }, () => app.ask(`Bearer ${token}`)))
    expect(keyServer.fetches() - before).toBe(1)
  })

  it('are taken as soon as they are published, and when withdrawn for no longer than they are kept', async () => {
    const keys = { published: [key.jwk] }
    await using rotating = await serveKeys(keys)
    await using api = await serveProtected({
      issuers: [{ issuer: ISSUER, jwksUrl: rotating.url }],
      jwksCooldownMs: 0,
      jwksMaxAgeMs: 50,
    })
    const status = async (by: SigningKey) => (await api.ask(`Bearer ${await tokenBy(by)}`)).status
    expect(await status(stranger)).toBe(401)
    keys.published = [key.jwk, stranger.jwk]
    expect(await status(stranger)).toBe(204)
    keys.published = [stranger.jwk]
    await expect.poll(() => status(key)).toBe(401)
  })

  it('cannot be had: that is answered 503, not 401', async () => {
    const jwksUrl = `http://127.0.0.1:${await freePort()}/jwks`
    await using api = await serveProtected({ issuers: [{ issuer: ISSUER, jwksUrl }] })
    const answer = await api.ask(`Bearer ${await tokenBy(key)}`)
    expect(answer.status).toBe(503)
    expect(JSON.parse(answer.text)).toMatchObject({ dependency: 'jwks', cause: 'connection_failed' })
    expect(api.reached).toEqual([])
  })

  it('are waited for no longer than is allowed', async () => {
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
    await using api = await serveProtected({
      issuers: [{ issuer: ISSUER, jwksUrl: `http://127.0.0.1:${port}/` }],
      jwksTimeoutMs: 50,
    })
    expect((await api.ask(`Bearer ${await tokenBy(key)}`)).status).toBe(504)
  })
})
