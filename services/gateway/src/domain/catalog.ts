import {
  type AvailabilityQuery,
  availabilityPageSchema,
  concertPageSchema,
  concertSchema,
  type Problem,
  problemSchema,
  seatPageSchema,
  venuePageSchema,
  venueSchema,
} from '@faultline/contracts'
import { DependencyError, type HttpAnswer } from '@faultline/service-kit'
import type { z } from 'zod'
import type { CallContext, CatalogRepository } from '../repositories/catalog.ts'

/** Name of the catalog in problems and as `peer.service`. */
export const CATALOG = 'catalog'

/**
 * What the catalog said, checked against the contract. The JSON stays as it came: the catalog's resources are the
 * public ones, so taking them apart and writing them again would only cost.
 */
export type CatalogAnswer =
  | { kind: 'found'; json: string; etag: string | undefined }
  | { kind: 'not-modified'; etag: string | undefined }
  | { kind: 'refused'; problem: Problem }

/** The part of the box office that the catalog answers. Every call throws DependencyError when it does not. */
export interface Catalog {
  searchConcerts(querystring: string, context: CallContext): Promise<CatalogAnswer>
  getConcert(id: string, context: CallContext, ifNoneMatch: string): Promise<CatalogAnswer>
  listSeats(concertId: string, querystring: string, context: CallContext): Promise<CatalogAnswer>
  listVenues(querystring: string, context: CallContext): Promise<CatalogAnswer>
  getVenue(id: string, context: CallContext, ifNoneMatch: string): Promise<CatalogAnswer>
  queryAvailability(query: AvailabilityQuery, context: CallContext): Promise<CatalogAnswer>
}

export function createCatalog(repository: CatalogRepository): Catalog {
  return {
    async searchConcerts(querystring, context) {
      return check(concertPageSchema, await repository.get(withQuery('/concerts', querystring), context))
    },
    async getConcert(id, context, ifNoneMatch) {
      return check(concertSchema, await repository.get(`/concerts/${id}`, context, ifNoneMatch))
    },
    async listSeats(concertId, querystring, context) {
      const path = withQuery(`/concerts/${concertId}/seats`, querystring)
      return check(seatPageSchema, await repository.get(path, context))
    },
    async listVenues(querystring, context) {
      return check(venuePageSchema, await repository.get(withQuery('/venues', querystring), context))
    },
    async getVenue(id, context, ifNoneMatch) {
      return check(venueSchema, await repository.get(`/venues/${id}`, context, ifNoneMatch))
    },
    async queryAvailability(query, context) {
      return check(availabilityPageSchema, await repository.query('/availability-queries', query, context))
    },
  }
}

function withQuery(path: string, querystring: string): string {
  return querystring === '' ? path : `${path}?${querystring}`
}

/** @throws DependencyError when the answer is not what the contract says */
function check(schema: z.ZodType, { status, headers, body }: HttpAnswer): CatalogAnswer {
  const etag = typeof headers.etag === 'string' ? headers.etag : undefined
  if (status === 304) return { kind: 'not-modified', etag }
  if (status === 200) {
    parse(schema, body)
    return { kind: 'found', json: body, etag }
  }
  return { kind: 'refused', problem: parse(problemSchema, body) }
}

function parse<Output>(schema: z.ZodType<Output>, body: string): Output {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch (error) {
    throw new DependencyError(CATALOG, 'invalid_answer', error)
  }
  const result = schema.safeParse(json)
  if (!result.success) throw new DependencyError(CATALOG, 'invalid_answer', result.error)
  return result.data
}
