/** Sessions as OpenAPI path items; only the gateway has them. */
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import { credentialsSchema, refreshSchema, sessionSchema } from '../sessions.ts'
import {
  bearer,
  bodyProblems,
  commonProblems,
  json,
  jsonBody,
  problem,
  retryAfterHeader,
} from './responses.ts'

/** Every operation of the gateway may be answered so. */
export const rateLimited = {
  429: {
    ...problem('Too many requests from this user or address; try again after `Retry-After` seconds'),
    headers: retryAfterHeader,
  },
}

const problems = { ...commonProblems, ...rateLimited }

export const sessionOperations = {
  '/v1/sessions': {
    post: {
      operationId: 'signIn',
      summary: 'Sign in: begin a session',
      security: [],
      requestBody: jsonBody(credentialsSchema),
      responses: {
        201: json('The session with its tokens', sessionSchema),
        401: problem('Name or password is wrong'),
        ...bodyProblems,
        ...problems,
      },
    },
  },
  '/v1/sessions/refresh': {
    post: {
      operationId: 'refreshSession',
      summary: 'Exchange a refresh token for new tokens; each works once, a second use ends the session',
      security: [],
      requestBody: jsonBody(refreshSchema),
      responses: {
        200: json('The session with its new tokens', sessionSchema),
        401: problem('The refresh token is unknown, used or expired, or its session has ended'),
        ...bodyProblems,
        ...problems,
      },
    },
  },
  '/v1/sessions/current': {
    delete: {
      operationId: 'signOut',
      summary: 'Sign out: end the session; its tokens are refused within seconds, everywhere',
      security: bearer(),
      responses: {
        204: { description: 'The session has ended' },
        401: problem('The access token is missing, or not valid any more'),
        ...problems,
      },
    },
  },
} satisfies ZodOpenApiPathsObject
