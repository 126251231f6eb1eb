import { randomUUID } from 'node:crypto'
import { publicServices } from '@faultline/contracts'
import { REPLICAS } from '@faultline/runtime'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BoxOffice, type Operation, openBoxOffice, undocumented } from './authorization/box-office.ts'
import { type Kit, startKit } from './support/kit.ts'

/** What everybody may do beside reading. */
const PUBLIC_WRITES = [
  'POST /availability-queries',
  'POST /v1/availability-queries',
  'POST /v1/sessions',
  'POST /v1/sessions/refresh',
]
/** What belongs to somebody: without a token nobody reads it either. */
const PERSONAL = /\/(?:orders|reservations|webhooks|charges)\b/
const { edge: _, ...services } = REPLICAS
const SERVICES = Object.keys(services)
/** Services that take the tokens of users; each is attacked directly, not only through the gateway. */
const FOR_USERS = ['gateway', ...publicServices.map(({ name }) => name)]
/** How long a revocation may take to be known everywhere. */
const REVOKED_WITHIN_MS = 5_000

let kit: Kit
let office: BoxOffice

beforeAll(async () => {
  kit = await startKit()
  office = await openBoxOffice(kit.runtime, SERVICES)
})

afterAll(async () => {
  await kit?.[Symbol.asyncDispose]()
})

const publicOf = (service: string) =>
  office.operationsOf(service).filter(({ scopes }) => scopes === undefined)
const protectedOf = (service: string) =>
  office.operationsOf(service).filter(({ scopes }) => scopes !== undefined)

/** Who has what the operation is about. */
const ownerOf = ({ route }: Operation) => (route.includes('webhooks') ? 'organiser' : 'visitor')

describe('the documents', () => {
  it.each(SERVICES)('of %s leave to everybody nothing but reading what is nobody’s own', (service) => {
    const tooOpen = publicOf(service).filter(
      ({ name, method, route }) =>
        PERSONAL.test(route) || (method !== 'GET' && !PUBLIC_WRITES.includes(name)),
    )
    expect(tooOpen).toEqual([])
  })

  it.each(SERVICES)('of %s leave no method of a route out', async (service) => {
    for (const { method, route } of undocumented(office.operationsOf(service))) {
      const path = route.replace(/\{(\w+)\}/g, (_, name: string) => office.ids[name] ?? randomUUID())
      const { status } = await office.call(service, method, path, { token: office.owners.visitor })
      expect([401, 404, 405], `${method} ${route}`).toContain(status)
    }
  })
})

describe('no token', () => {
  it.each(SERVICES)('is needed for what is public at %s', async (service) => {
    for (const operation of publicOf(service)) {
      const { status } = await office.attempt(service, operation, undefined)
      expect([200, 201], operation.name).toContain(status)
    }
  })
})

describe('a bad token', () => {
  it.each(FOR_USERS)('opens nothing at %s', async (service) => {
    await office.expectNothingChanged(async () => {
      for (const operation of protectedOf(service)) {
        const bad = await office.signer.badTokens(office.owners[ownerOf(operation)])
        for (const [what, token] of Object.entries(bad)) {
          const { status, headers } = await office.attempt(service, operation, token)
          expect(status, `${operation.name}, ${what}`).toBe(401)
          expect(headers.get('www-authenticate'), operation.name).toMatch(/^Bearer/)
        }
      }
    })
  })

  it('of a session that has ended opens nothing anywhere within seconds', async () => {
    const { accessToken: token } = await office.signIn('visitor-1')
    expect((await office.call('gateway', 'DELETE', '/v1/sessions/current', { token })).status).toBe(204)
    const everyScope = await office.signer.sign(token)
    await office.expectNothingChanged(async () => {
      for (const service of FOR_USERS) {
        for (const operation of protectedOf(service)) {
          await expect
            .poll(async () => (await office.attempt(service, operation, everyScope)).status, {
              timeout: REVOKED_WITHIN_MS,
              message: operation.name,
            })
            .toBe(401)
        }
      }
    })
  })

  it('opens nothing at payments, nor a wrong key anything at the payment provider', async () => {
    const { visitor } = office.owners
    const everyScope = await office.signer.sign(visitor)
    const bad = { ...(await office.booking.badTokens()), 'a user’s token with every scope': everyScope }
    await office.expectNothingChanged(async () => {
      for (const operation of protectedOf('payments')) {
        for (const [what, token] of Object.entries(bad)) {
          const { status } = await office.attempt('payments', operation, token)
          expect(status, `${operation.name}, ${what}`).toBe(401)
        }
      }
      for (const operation of protectedOf('payment-provider')) {
        for (const token of [undefined, 'wrong-key', visitor]) {
          const { status } = await office.attempt('payment-provider', operation, token)
          expect(status, operation.name).toBe(401)
        }
      }
    })
  })
})

describe('a good token', () => {
  it.each(FOR_USERS)('with too small a scope opens nothing at %s', async (service) => {
    await office.expectNothingChanged(async () => {
      for (const operation of protectedOf(service)) {
        const [needed] = operation.scopes ?? []
        if (needed === undefined) continue
        const others = 'orders:read orders:write webhooks:manage concerts:write'
          .split(' ')
          .filter((scope) => scope !== needed)
        const owner = office.owners[ownerOf(operation)]
        const token = await office.signer.sign(owner, { scope: others.join(' ') })
        expect((await office.attempt(service, operation, token)).status, operation.name).toBe(403)
      }
    })
  })

  it('of booking opens at payments what it is for, and nothing with another scope', async () => {
    const [good, small] = [await office.booking.sign(), await office.booking.sign('orders:write')]
    for (const operation of protectedOf('payments')) {
      expect((await office.attempt('payments', operation, small)).status, operation.name).toBe(403)
      const { status } = await office.attempt('payments', operation, good)
      expect([401, 403, 500, 503], operation.name).not.toContain(status)
    }
  })

  it.each(['gateway', 'booking', 'ticketing'])('of somebody else finds nothing at %s', async (service) => {
    const stranger = await office.signer.sign((await office.signIn('visitor-2')).accessToken)
    const { orderId, reservationId, webhookId } = office.ids
    await office.expectNothingChanged(async () => {
      for (const operation of protectedOf(service)) {
        const about = /\{(reservationId|orderId|webhookId)\}/.test(operation.route)
        const answer = () => office.attempt(service, operation, stranger)
        if (about || operation.body?.schema === 'OrderRequest') {
          expect((await answer()).status, operation.name).toBe(404)
        } else if (operation.method === 'GET') {
          const text = await (await answer()).text()
          for (const id of [orderId, reservationId, webhookId]) expect(text).not.toContain(id)
        }
      }
    })
  })

  it.each(FOR_USERS)('of the owner reads what it is for at %s', async (service) => {
    for (const operation of protectedOf(service).filter(({ method }) => method === 'GET')) {
      const token = await office.signer.sign(office.owners[ownerOf(operation)])
      expect((await office.attempt(service, operation, token)).status, operation.name).toBe(200)
    }
  })

  // Last, as it uses up what the tests before look at.
  it.each(FOR_USERS)('of the owner may write at %s, whatever comes of it', async (service) => {
    for (const operation of protectedOf(service).filter(({ method }) => method !== 'GET')) {
      // A session of its own: one of the operations ends it.
      const { accessToken } = await office.signIn(`${ownerOf(operation)}-1`)
      const { status } = await office.attempt(service, operation, await office.signer.sign(accessToken))
      expect([401, 403, 500, 503], operation.name).not.toContain(status)
    }
  })
})
