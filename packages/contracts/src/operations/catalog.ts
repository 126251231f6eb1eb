/** Concerts, venues and seats as OpenAPI path items; gateway and catalog publish the same ones. */
import { z } from 'zod'
import type { ZodOpenApiOperationObject } from 'zod-openapi'
import { concertPageSchema, concertPatchSchema, concertSchema, concertSearchSchema } from '../concerts.ts'
import { concertIdSchema, venueIdSchema } from '../identifiers.ts'
import { pageQuerySchema } from '../pagination.ts'
import type { PublicService } from '../public-services.ts'
import { availabilityPageSchema, availabilityQuerySchema, seatPageSchema } from '../seats.ts'
import { venuePageSchema, venueSchema } from '../venues.ts'
import { authProblems, bearer, bodyProblems, commonProblems, json, jsonBody, problem } from './responses.ts'

const concertPath = z.object({ concertId: concertIdSchema })
const venuePath = z.object({ venueId: venueIdSchema })

const etagHeader = z.string().meta({ description: 'Version of the representation', example: '"c3.v1"' })

function withEtag(description: string, schema: z.ZodType) {
  return {
    200: { ...json(description, schema), headers: z.object({ etag: etagHeader }) },
    304: { description: 'The representation that `If-None-Match` names is still the current one' },
    404: problem('There is none with this id'),
  }
}

const ifNoneMatch = z.object({
  'if-none-match': z.string().optional().meta({ description: 'ETag of the representation at hand' }),
})

/** The catalog's part of the public API: reading, for everybody. */
export const catalog = {
  name: 'catalog',
  operations: {
    '/concerts': {
      get: {
        operationId: 'searchConcerts',
        summary: 'Search concerts, soonest first',
        security: [],
        requestParams: { query: concertSearchSchema },
        responses: { 200: json('A page of concerts', concertPageSchema), ...commonProblems },
      },
    },
    '/concerts/{concertId}': {
      get: {
        operationId: 'getConcert',
        summary: 'One concert',
        security: [],
        requestParams: { path: concertPath, header: ifNoneMatch },
        responses: { ...withEtag('The concert', concertSchema), ...commonProblems },
      },
    },
    '/concerts/{concertId}/seats': {
      get: {
        operationId: 'listSeats',
        summary: 'Seats of a concert, by section, row and number',
        security: [],
        requestParams: { path: concertPath, query: pageQuerySchema },
        responses: {
          200: json('A page of seats, up to two seconds old', seatPageSchema),
          404: problem('There is no concert with this id'),
          ...commonProblems,
        },
      },
    },
    '/venues': {
      get: {
        operationId: 'listVenues',
        summary: 'Venues, by name',
        security: [],
        requestParams: { query: pageQuerySchema },
        responses: { 200: json('A page of venues', venuePageSchema), ...commonProblems },
      },
    },
    '/venues/{venueId}': {
      get: {
        operationId: 'getVenue',
        summary: 'One venue',
        security: [],
        requestParams: { path: venuePath, header: ifNoneMatch },
        responses: { ...withEtag('The venue', venueSchema), ...commonProblems },
      },
    },
    '/availability-queries': {
      post: {
        operationId: 'queryAvailability',
        summary: 'How many seats of several concerts are free; changes nothing, safe to repeat',
        security: [],
        'x-idempotent': true,
        requestBody: jsonBody(availabilityQuerySchema),
        responses: {
          200: json('Availability of the concerts that exist', availabilityPageSchema),
          ...bodyProblems,
          ...commonProblems,
        },
      },
    },
  },
} satisfies PublicService

/** The operation that the catalog keeps to itself. */
export const patchConcertOperation: ZodOpenApiOperationObject = {
  operationId: 'patchConcert',
  summary: 'Change a concert, if it is still the version at hand',
  security: bearer('concerts:write'),
  requestParams: {
    path: concertPath,
    header: z.object({ 'if-match': z.string().meta({ description: 'ETag of the representation at hand' }) }),
  },
  requestBody: {
    required: true,
    content: {
      'application/merge-patch+json': { schema: concertPatchSchema },
      'application/json': { schema: concertPatchSchema },
    },
  },
  responses: {
    200: { ...json('The concert as changed', concertSchema), headers: z.object({ etag: etagHeader }) },
    404: problem('There is none with this id'),
    412: problem('The concert has changed since: get it again'),
    ...bodyProblems,
    428: problem('`If-Match` is missing'),
    ...authProblems,
    ...commonProblems,
  },
}
