import {
  type AvailabilityQuery,
  availabilityPageSchema,
  concertPageSchema,
  concertSchema,
  seatPageSchema,
  venuePageSchema,
  venueSchema,
} from '@faultline/contracts'
import type { HttpAnswer } from '@faultline/service-kit'
import type { z } from 'zod'
import type { CallContext, CatalogRepository } from '../repositories/catalog.ts'
import { type Answer, checkAnswer } from './answers.ts'
import { withQuery } from './paths.ts'

/** Name of the catalog in problems and as `peer.service`. */
export const CATALOG = 'catalog'

/** The part of the box office that the catalog answers. Every call throws DependencyError when it does not. */
export interface Catalog {
  searchConcerts(querystring: string, context: CallContext): Promise<Answer>
  getConcert(id: string, context: CallContext, ifNoneMatch: string): Promise<Answer>
  listSeats(concertId: string, querystring: string, context: CallContext): Promise<Answer>
  listVenues(querystring: string, context: CallContext): Promise<Answer>
  getVenue(id: string, context: CallContext, ifNoneMatch: string): Promise<Answer>
  queryAvailability(query: AvailabilityQuery, context: CallContext): Promise<Answer>
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

const check = (schema: z.ZodType, answer: HttpAnswer): Answer => checkAnswer(CATALOG, { 200: schema }, answer)
