import { z } from 'zod'
import type { ZodOpenApiOperationObject } from 'zod-openapi'
import type { PublicService } from './public-services.ts'
import { authProblems, bearer, bodyProblems, commonProblems, json, jsonBody, problem } from './responses.ts'
import {
  concertIdSchema,
  cursorSchema,
  idSchema,
  instantSchema,
  integerParameter,
  limitSchema,
  pageQuerySchema,
  pageSchema,
  textSchema,
  timestampSchema,
  venueIdSchema,
} from './values.ts'

export const concertStatusSchema = z
  .enum(['scheduled', 'postponed', 'cancelled'])
  .meta({ id: 'ConcertStatus', description: 'Whether the concert takes place as announced' })

export const venueReferenceSchema = z
  .object({ id: venueIdSchema, name: z.string(), city: z.string() })
  .meta({ id: 'VenueReference' })

const concertFields = {
  id: concertIdSchema,
  title: z.string(),
  artist: z.string(),
  genre: z.string(),
  startsAt: timestampSchema.meta({ description: 'Start, RFC 3339', example: '2027-03-01T19:30:00.000Z' }),
  status: concertStatusSchema,
  venue: venueReferenceSchema,
}

/** A concert as a search shows it, with how many of its seats can be had right now. */
export const concertSummarySchema = z
  .object({
    ...concertFields,
    availableSeats: z.int().min(0).meta({ description: 'Seats free when the search ran' }),
  })
  .meta({ id: 'ConcertSummary' })
export type ConcertSummary = z.infer<typeof concertSummarySchema>

/** A concert in full. Availability is left out on purpose: it changes by the second and would void the ETag. */
export const concertSchema = z
  .object({
    ...concertFields,
    description: z.string(),
    seatCount: z.int().min(0).meta({ description: 'Seats on sale in all' }),
    lowestPrice: z
      .object({ amount: z.int().min(0), currency: z.string().length(3) })
      .meta({ description: 'Cheapest seat; amount in the smallest unit of the currency (ISO 4217)' }),
    updatedAt: timestampSchema,
  })
  .meta({ id: 'Concert' })
export type Concert = z.infer<typeof concertSchema>

/** Query parameters of the search. An unknown parameter is refused, so that a typing error does not widen it. */
export const concertSearchSchema = z.strictObject({
  query: textSchema(100)
    .optional()
    .meta({ description: 'Words that title, artist or genre must hold', example: 'jazz' }),
  city: textSchema(100).optional().meta({ description: 'City of the venue', example: 'Berlin' }),
  minAvailable: integerParameter(0, 100_000)
    .optional()
    .meta({ description: 'Fewest seats that must be free' }),
  limit: limitSchema,
  cursor: cursorSchema.optional(),
})
export type ConcertSearch = z.output<typeof concertSearchSchema>

export const concertPageSchema = pageSchema(concertSummarySchema).meta({ id: 'ConcertPage' })
export type ConcertPage = z.infer<typeof concertPageSchema>

/** Body of PATCH (JSON Merge Patch, RFC 7396, of the fields that may change). */
export const concertPatchSchema = z
  .strictObject({
    title: textSchema(200).optional(),
    description: textSchema(2_000).optional(),
    startsAt: instantSchema.optional(),
    status: concertStatusSchema.optional(),
  })
  .refine(
    (patch) => Object.values(patch).some((value) => value !== undefined),
    'must change at least one field',
  )
  .meta({ id: 'ConcertPatch' })
export type ConcertPatch = z.infer<typeof concertPatchSchema>

export const seatStatusSchema = z
  .enum(['available', 'held', 'sold'])
  .meta({ id: 'SeatStatus', description: 'held: somebody is paying for it right now' })

export const seatSchema = z
  .object({
    id: idSchema,
    section: z.string(),
    row: z.string(),
    number: z.int().min(1),
    status: seatStatusSchema,
    price: z.object({ amount: z.int().min(0), currency: z.string().length(3) }),
  })
  .meta({ id: 'Seat' })
export type Seat = z.infer<typeof seatSchema>

export const seatPageSchema = pageSchema(seatSchema).meta({ id: 'SeatPage' })
export type SeatPage = z.infer<typeof seatPageSchema>

/** Most concerts that one availability query may name. */
export const MAX_AVAILABILITY_CONCERTS = 50

export const availabilityQuerySchema = z
  .strictObject({
    concertIds: z
      .array(concertIdSchema)
      .min(1)
      .max(MAX_AVAILABILITY_CONCERTS)
      .meta({ description: 'Concerts to look up; one named twice is answered once' }),
  })
  .meta({ id: 'AvailabilityQuery' })

/** How many seats of a concert can be had; up to two seconds old. */
export const availabilitySchema = z
  .object({
    concertId: concertIdSchema,
    total: z.int().min(0),
    available: z.int().min(0),
  })
  .meta({ id: 'Availability' })
export type Availability = z.infer<typeof availabilitySchema>

/** A query's answer is whole, hence `nextCursor` is always null; concerts that do not exist are left out. */
export const availabilityPageSchema = pageSchema(availabilitySchema).meta({ id: 'AvailabilityPage' })
export type AvailabilityPage = z.infer<typeof availabilityPageSchema>

/** A place where concerts are given. */
export const venueSchema = z
  .object({
    id: venueIdSchema,
    name: z.string(),
    city: z.string(),
    country: z.string().length(2).meta({ description: 'ISO 3166-1 alpha-2', example: 'DE' }),
    capacity: z.int().min(1),
  })
  .meta({ id: 'Venue' })
export type Venue = z.infer<typeof venueSchema>

export const venuePageSchema = pageSchema(venueSchema).meta({ id: 'VenuePage' })
export type VenuePage = z.infer<typeof venuePageSchema>

/** Concerts, venues and seats as OpenAPI path items; gateway and catalog publish the same ones. */

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
