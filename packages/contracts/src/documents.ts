import { createDocument, type ZodOpenApiObject, type ZodOpenApiPathsObject } from 'zod-openapi'
import { booking } from './booking.ts'
import { catalog, patchConcertOperation } from './catalog.ts'
import { chargeOperations } from './payments.ts'
import { providerOperations, providerSecuritySchemes } from './provider.ts'
import { operationsOf, PUBLIC_PREFIX, type PublicService, publicServices } from './public-services.ts'
import { keySetOperation, problem, securitySchemes } from './responses.ts'
import { rateLimited, sessionOperations } from './sessions.ts'
import { ticketing } from './ticketing.ts'

/**
 * An OpenAPI document of the box office.
 *
 * @see https://spec.openapis.org/oas/v3.1.1.html
 */
function documentOf(
  title: string,
  description: string,
  paths: ZodOpenApiPathsObject,
  schemes: NonNullable<ZodOpenApiObject['components']>['securitySchemes'] = securitySchemes,
) {
  return createDocument({
    openapi: '3.1.1',
    info: {
      title,
      version: '1.0.0',
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    components: { securitySchemes: schemes },
    paths,
  })
}

/**
 * The gateway's public API as an OpenAPI document.
 *
 * @param services whose operations it passes on
 */
export function gatewayDocument(services: readonly PublicService[] = publicServices) {
  return documentOf(
    'Faultline box office',
    'Concerts, venues and seats; sessions; reservations, orders and tickets; webhooks.',
    { ...publicPaths(services), ...sessionOperations, '/.well-known/jwks.json': keySetOperation },
  )
}

/** The services' operations as the gateway publishes them: with its prefix, and with the problems that it adds. */
function publicPaths(services: readonly PublicService[]): ZodOpenApiPathsObject {
  const added = { ...rateLimited, 502: problem('A dependency gave an answer that cannot be used') }
  const paths: ZodOpenApiPathsObject = {}
  for (const { method, path, operation } of services.flatMap(operationsOf)) {
    const published = `${PUBLIC_PREFIX}${path}`
    const responses = { ...operation.responses, ...added }
    paths[published] = { ...paths[published], [method.toLowerCase()]: { ...operation, responses } }
  }
  return paths
}

/** The catalog's API as an OpenAPI document. */
export function catalogDocument() {
  const concert = '/concerts/{concertId}'
  return documentOf('Faultline catalog', 'Internal: the gateway calls it.', {
    ...catalog.operations,
    [concert]: { ...catalog.operations[concert], patch: patchConcertOperation },
  })
}

const FOR_USERS = 'Internal: the gateway calls it with the token of its user.'

/** Booking's API as an OpenAPI document. */
export function bookingDocument() {
  return documentOf('Faultline booking', FOR_USERS, {
    ...booking.operations,
    '/.well-known/jwks.json': keySetOperation,
  })
}

/** Ticketing's API as an OpenAPI document. */
export function ticketingDocument() {
  return documentOf('Faultline ticketing', FOR_USERS, ticketing.operations)
}

/** Payments' API as an OpenAPI document. */
export function paymentsDocument() {
  const description = 'Internal: booking calls it with a token of its own.'
  return documentOf('Faultline payments', description, chargeOperations)
}

/** The payment provider's API as an OpenAPI document. */
export function providerDocument() {
  const description = 'A third party, simulated: outside of the box office.'
  return documentOf('Payment provider', description, providerOperations, providerSecuritySchemes)
}
