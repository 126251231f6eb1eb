import { createDocument } from 'zod-openapi'
import { bookingOperations } from './operations/booking.ts'
import { chargeOperations } from './operations/payments.ts'
import { providerOperations, providerSecuritySchemes } from './operations/provider.ts'
import { keySetOperation, securitySchemes } from './operations/responses.ts'
import { rateLimited, sessionOperations } from './operations/sessions.ts'
import { ticketingOperations } from './operations/ticketing.ts'
import { badDependencyAnswer, patchConcertOperation, readOperations } from './operations.ts'

const license = { name: 'Apache-2.0', identifier: 'Apache-2.0' }

/**
 * The gateway's public API as an OpenAPI document.
 *
 * @see https://spec.openapis.org/oas/v3.1.1.html
 */
export function gatewayDocument() {
  const added = { ...rateLimited, 502: badDependencyAnswer }
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Faultline box office',
      version: '1.0.0',
      description: 'Concerts, venues and seats; sessions; reservations, orders and tickets; webhooks.',
      license,
    },
    components: { securitySchemes },
    paths: {
      ...readOperations('/v1', added),
      ...sessionOperations,
      ...bookingOperations('/v1', added),
      ...ticketingOperations('/v1', added),
      '/.well-known/jwks.json': keySetOperation,
    },
  })
}

/** The catalog's API as an OpenAPI document. */
export function catalogDocument() {
  const read = readOperations('')
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Faultline catalog',
      version: '1.0.0',
      description: 'Internal: the gateway calls it.',
      license,
    },
    components: { securitySchemes },
    paths: {
      ...read,
      '/concerts/{concertId}': { ...read['/concerts/{concertId}'], patch: patchConcertOperation },
    },
  })
}

/** Booking's API as an OpenAPI document. */
export function bookingDocument() {
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Faultline booking',
      version: '1.0.0',
      description: 'Internal: the gateway calls it with the token of its user.',
      license,
    },
    components: { securitySchemes },
    paths: {
      ...bookingOperations(''),
      '/.well-known/jwks.json': keySetOperation,
    },
  })
}

/** Ticketing's API as an OpenAPI document. */
export function ticketingDocument() {
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Faultline ticketing',
      version: '1.0.0',
      description: 'Internal: the gateway calls it with the token of its user.',
      license,
    },
    components: { securitySchemes },
    paths: ticketingOperations(''),
  })
}

/** Payments' API as an OpenAPI document. */
export function paymentsDocument() {
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Faultline payments',
      version: '1.0.0',
      description: 'Internal: booking calls it with a token of its own.',
      license,
    },
    components: { securitySchemes },
    paths: chargeOperations,
  })
}

/** The payment provider's API as an OpenAPI document. */
export function providerDocument() {
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Payment provider',
      version: '1.0.0',
      description: 'A third party, simulated: outside of the box office.',
      license,
    },
    components: { securitySchemes: providerSecuritySchemes },
    paths: providerOperations,
  })
}
