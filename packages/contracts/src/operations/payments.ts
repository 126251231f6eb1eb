/** Charges as OpenAPI path items, as payments publishes them. */
import { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import { IDEMPOTENCY_KEY_HEADER } from '../booking.ts'
import { idSchema } from '../identifiers.ts'
import { chargeRequestSchema, chargeSchema } from '../payments.ts'
import {
  bearer,
  bodyProblems,
  json,
  jsonBody,
  problem,
  retryAfterHeader,
  tokenProblems,
} from './responses.ts'

const problems = tokenProblems

export const chargeOperations = {
  '/charges': {
    post: {
      operationId: 'createCharge',
      summary: 'Charge for an order: once, however often it is asked',
      security: bearer('charges:write'),
      requestParams: {
        header: z.object({
          [IDEMPOTENCY_KEY_HEADER]: idSchema.meta({ description: 'The id of the order, as in the body' }),
        }),
      },
      requestBody: jsonBody(chargeRequestSchema),
      responses: {
        201: json('Charged or declined, as `status` says; for good', chargeSchema),
        202: {
          ...json('Charged or not is not known yet: repeat the request, or get the charge', chargeSchema),
          headers: retryAfterHeader,
        },
        422: problem('There is a charge for this order already, of another amount or another token'),
        ...bodyProblems,
        ...problems,
      },
    },
  },
  '/charges/{chargeId}': {
    get: {
      operationId: 'getCharge',
      summary: 'One charge',
      security: bearer('charges:write'),
      requestParams: { path: z.object({ chargeId: idSchema }) },
      responses: {
        200: json('The charge', chargeSchema),
        404: problem('There is none with this id'),
        ...problems,
      },
    },
  },
} satisfies ZodOpenApiPathsObject
