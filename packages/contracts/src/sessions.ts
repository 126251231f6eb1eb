import { z } from 'zod'
import { idSchema } from './identifiers.ts'
import { timestampSchema } from './text.ts'

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
