import { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import {
  bearer,
  bodyProblems,
  commonProblems,
  json,
  jsonBody,
  problem,
  retryAfterHeader,
} from './responses.ts'
import { idSchema, timestampSchema } from './values.ts'

/** What a token allows. A user has those of its role; object-level checks come on top. */
export const scopes = ['orders:read', 'orders:write', 'webhooks:manage', 'concerts:write'] as const
export const scopeSchema = z.enum(scopes).meta({ id: 'Scope' })
export type Scope = z.infer<typeof scopeSchema>

/** Body of a sign-in. */
export const credentialsSchema = z
  .strictObject({
    username: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'must be lower-case letters, digits, . _ -'),
    password: z.string().min(8).max(200),
  })
  .meta({ id: 'Credentials' })
export type Credentials = z.infer<typeof credentialsSchema>

/** Body of a refresh. Each refresh token works once; its second use revokes the session. */
export const refreshSchema = z
  .strictObject({ refreshToken: z.string().min(20).max(200) })
  .meta({ id: 'SessionRefresh' })

/** Tokens of a session (RFC 6749, section 5.1, in this API's spelling). */
export const sessionSchema = z
  .object({
    sessionId: idSchema,
    userId: idSchema,
    tokenType: z.literal('Bearer'),
    accessToken: z
      .string()
      .meta({ description: 'JWT (RFC 9068), signed by a key of /.well-known/jwks.json' }),
    expiresIn: z.int().min(1).meta({ description: 'Seconds until the access token expires' }),
    refreshToken: z.string(),
    refreshExpiresAt: timestampSchema,
    scope: z.string().meta({ description: 'Scopes, separated by spaces' }),
  })
  .meta({ id: 'Session' })
export type Session = z.infer<typeof sessionSchema>

/** Access tokens of users: who signs them, whom they are for, how long they live. */
export const USER_TOKEN_ISSUER = 'urn:faultline:gateway'
export const USER_TOKEN_AUDIENCE = 'box-office'
export const ACCESS_TOKEN_SECONDS = 300

/**
 * Key-value bucket of the broker in which the gateway tells every verifier of sessions that have ended: key the
 * session id, value the time when its last access token dies, in milliseconds since the epoch.
 */
export const REVOKED_SESSIONS_BUCKET = 'revoked-sessions'

/** Sessions as OpenAPI path items; only the gateway has them. */

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
