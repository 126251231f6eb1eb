/** The services whose operations are public: the gateway builds its routes and its document from this list. */
import type { z } from 'zod'
import type { ZodOpenApiOperationObject, ZodOpenApiResponseObject } from 'zod-openapi'
import { booking } from './booking.ts'
import { catalog } from './catalog.ts'
import { ticketing } from './ticketing.ts'

/**
 * An operation that the gateway passes on: OpenAPI, as far as the gateway understands it, and in extensions what
 * OpenAPI has no words for.
 */
export type PublicOperation = Omit<
  ZodOpenApiOperationObject,
  'security' | 'requestParams' | 'requestBody' | 'responses'
> & {
  operationId: string
  /** Empty: for everybody. Otherwise for a user whose token has all of these scopes; the token is passed on. */
  security: [] | [{ bearer: string[] }]
  /** A query is passed on as it came, headers as far as they are named here. */
  requestParams?: { path?: z.ZodObject; query?: z.ZodObject; header?: z.ZodObject }
  requestBody?: { required: true; content: { 'application/json': { schema: z.ZodType } } }
  /** Every answer but problems: one of another status, media type or shape is answered with 502. */
  responses: Record<number, ZodOpenApiResponseObject>
  /** A repeat does no harm. GET, PUT, DELETE and what takes an `Idempotency-Key` need not say so. */
  'x-idempotent'?: true
  /** How long the gateway waits, in milliseconds, when that is not its usual time. */
  'x-timeout-ms'?: number
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const
type Method = (typeof METHODS)[number]

/** By path, without the prefix under which the gateway publishes them. */
export type PublicPaths = Record<`/${string}`, Partial<Record<Method, PublicOperation>>>

export interface PublicService {
  /** Name in `peer.service`, metrics and problems; `NAME_URL` in the gateway's environment is where it is. */
  name: string
  operations: PublicPaths
  /** Longest attempt, in milliseconds, when it is not the usual one of the HTTP client. */
  attemptTimeoutMs?: number
}

/** Comes before every path of a public service. */
export const PUBLIC_PREFIX = '/v1'

export const publicServices: readonly PublicService[] = [catalog, booking, ticketing]

/** Every operation of a service, with its path as the service knows it. */
export function operationsOf(
  service: PublicService,
): { method: Uppercase<Method>; path: string; operation: PublicOperation }[] {
  return Object.entries(service.operations).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method]
      return operation ? [{ method: method.toUpperCase() as Uppercase<Method>, path, operation }] : []
    }),
  )
}
