import { z } from 'zod'
import type {
  ZodOpenApiOperationObject,
  ZodOpenApiPathItemObject,
  ZodOpenApiRequestBodyObject,
  ZodOpenApiResponseObject,
} from 'zod-openapi'
import type { Scope } from './sessions.ts'

/** What one wrong part of the input is, and where. */
export const problemErrorSchema = z.object({
  location: z.enum(['path', 'query', 'header', 'body']),
  pointer: z
    .string()
    .meta({ description: 'JSON pointer (RFC 6901) to the value inside its location', example: '/limit' }),
  detail: z.string(),
})

/**
 * Problem details as every error answer carries them.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export const problemSchema = z
  .object({
    type: z.string().meta({
      description: 'URI of the kind of problem',
      example: 'urn:faultline:problem:validation-failed',
    }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    instance: z.string().meta({ description: 'Path of the request that went wrong' }),
    requestId: z.string(),
    errors: z.array(problemErrorSchema).optional(),
    dependency: z
      .string()
      .optional()
      .meta({ description: 'The dependency that failed, by its configured name' }),
    cause: z
      .string()
      .optional()
      .meta({ description: 'Class of the failure of the dependency', example: 'timeout' }),
  })
  .meta({ id: 'Problem', description: 'Problem details, RFC 9457' })
export type Problem = z.infer<typeof problemSchema>

/** What the operations of all services answer alike. */

type Responses = NonNullable<ZodOpenApiOperationObject['responses']>

export function problem(description: string): ZodOpenApiResponseObject {
  return { description, content: { 'application/problem+json': { schema: problemSchema } } }
}

export function json(description: string, schema: z.ZodType): ZodOpenApiResponseObject {
  return { description, content: { 'application/json': { schema } } }
}

/** A body that the operation cannot do without. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return {
    required: true,
    content: { 'application/json': { schema } },
  } satisfies ZodOpenApiRequestBodyObject
}

/** Seconds after which a repeat may find another answer. */
export const retryAfterHeader = z.object({
  'retry-after': z.string().meta({ description: 'Seconds to wait before asking again', example: '1' }),
})

/** Answers that any operation may give. */
export const commonProblems = {
  400: problem('The input is wrong; `errors` says where'),
  500: problem('The service failed'),
  503: problem('Overloaded, or a dependency cannot be reached; try again after `Retry-After` seconds'),
  504: problem('A dependency did not answer in time'),
} satisfies Responses

/** Answers of every operation that takes a body. */
export const bodyProblems = {
  413: problem('The body is over the limit'),
  415: problem('The body is not JSON'),
} satisfies Responses

/** Answers of every operation that wants a token. */
export const authProblems = {
  401: problem('The access token is missing, or not valid any more'),
  403: problem('The access token allows too little'),
} satisfies Responses

/** Answers of every operation that acts for somebody. */
export const tokenProblems = { ...commonProblems, ...authProblems } satisfies Responses

/** How a request says who sends it; operations name it with the scopes that they want. */
export const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'Access token of a session, or of a service',
  },
} as const

/** Wants a token with these scopes. */
export function bearer(...scopes: (Scope | 'charges:write')[]): [{ bearer: string[] }] {
  return [{ bearer: scopes }]
}

/** Public keys of whoever signs tokens (RFC 7517). */
export const keySetOperation = {
  get: {
    operationId: 'getKeySet',
    summary: 'Public keys of the tokens signed here',
    security: [],
    responses: {
      200: json(
        'The key set',
        z.object({ keys: z.array(z.record(z.string(), z.unknown())) }).meta({ id: 'KeySet' }),
      ),
    },
  },
} satisfies ZodOpenApiPathItemObject
