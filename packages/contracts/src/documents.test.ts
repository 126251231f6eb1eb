import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import {
  bookingDocument,
  catalogDocument,
  gatewayDocument,
  paymentsDocument,
  providerDocument,
  ticketingDocument,
} from './documents.ts'

describe.each([
  ['gateway', gatewayDocument()],
  ['catalog', catalogDocument()],
  ['booking', bookingDocument()],
  ['payments', paymentsDocument()],
  ['payment provider', providerDocument()],
  ['ticketing', ticketingDocument()],
])("the %s's OpenAPI document", (_, document) => {
  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator()
    const result = await validator.validate(JSON.parse(JSON.stringify(document)))
    expect(result.errors ?? []).toEqual([])
    expect(validator.version).toBe('3.1')
  })

  it('describes every error answer as a problem', () => {
    const responses = Object.values(document.paths ?? {}).flatMap((path) =>
      [path.get, path.post, path.patch, path.delete].flatMap((operation) =>
        Object.entries(operation?.responses ?? {}),
      ),
    )
    expect(responses.length).toBeGreaterThan(0)
    for (const [status, response] of responses) {
      if (Number(status) < 400) continue
      expect(response).toHaveProperty(['content', 'application/problem+json'])
    }
  })
})

describe('the documents', () => {
  it('say of every operation whether it wants a token', () => {
    for (const document of [gatewayDocument(), catalogDocument(), bookingDocument(), ticketingDocument()]) {
      for (const [path, { get, post, patch, delete: remove }] of Object.entries(document.paths ?? {})) {
        for (const operation of [get, post, patch, remove]) {
          if (operation) expect(operation.security, `${document.info.title} ${path}`).toBeDefined()
        }
      }
    }
  })

  it('describe limits as numbers, not as the digits that carry them', () => {
    const parameters = gatewayDocument().paths?.['/v1/concerts']?.get?.parameters
    expect(parameters).toContainEqual(
      expect.objectContaining({
        name: 'limit',
        schema: expect.objectContaining({ type: 'integer', minimum: 1, maximum: 100, default: 20 }),
      }),
    )
  })

  it('keep the operation that changes a concert inside', () => {
    expect(gatewayDocument().paths).not.toHaveProperty(['/v1/concerts/{concertId}', 'patch'])
    expect(catalogDocument().paths).toHaveProperty(['/concerts/{concertId}', 'patch'])
  })
})
