/** The payment provider's operations as OpenAPI path items. */
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import {
  providerChargeListSchema,
  providerChargeQuerySchema,
  providerChargeRequestSchema,
  providerChargeSchema,
} from '../provider.ts'
import { bodyProblems, json, jsonBody, problem } from './responses.ts'

const apiKey = [{ apiKey: [] as string[] }]

const problems = {
  400: problem('The input is wrong; `errors` says where'),
  401: problem('The API key is missing or wrong'),
  500: problem('The provider failed; the charge may have been made all the same'),
  503: problem('Too many requests wait already; nothing was charged'),
}

export const providerSecuritySchemes = {
  apiKey: { type: 'http', scheme: 'bearer', description: "The merchant's API key" },
} as const

export const providerOperations = {
  '/v1/charges': {
    post: {
      operationId: 'createProviderCharge',
      summary: 'Charge: once a reference, however often it is asked',
      security: apiKey,
      requestBody: jsonBody(providerChargeRequestSchema),
      responses: {
        200: json('The charge that was made for this reference before', providerChargeSchema),
        201: json('Charged or declined, as `status` says', providerChargeSchema),
        409: problem('There is a charge with this reference already, of another amount or another token'),
        ...bodyProblems,
        ...problems,
      },
    },
    get: {
      operationId: 'findProviderCharges',
      summary: 'The charge with a reference, if there is one',
      security: apiKey,
      requestParams: { query: providerChargeQuerySchema },
      responses: { 200: json('One charge or none', providerChargeListSchema), ...problems },
    },
  },
} satisfies ZodOpenApiPathsObject
