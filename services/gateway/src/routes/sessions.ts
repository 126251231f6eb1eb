import { credentialsSchema, refreshSchema } from '@faultline/contracts'
import { deadline, ProblemError, readJsonBody, type SigningKeys, validate } from '@faultline/service-kit'
import Router from '@koa/router'
import type { Context } from 'koa'
import { RefreshRefusedError, type Sessions, WrongCredentialsError } from '../domain/sessions.ts'
import type { Protect, UserState } from './pass-through.ts'

/** Time that a sign-in gets, in milliseconds: hashing a password is slow on purpose, and others may be first. */
const SIGN_IN_DEADLINE_MS = 4_500

/** How long a key set may be kept, in seconds; less than a new key is published before it signs. */
const KEY_SET_MAX_AGE = 60

/** Stands before a check of a password; it hears when the password was right. */
export type AdmitSignIn = (ctx: Context, username: string) => { succeeded(): void }

export function sessionRoutes(options: {
  sessions: Sessions
  keys: Pick<SigningKeys, 'keySet'>
  protect: Protect
  admitSignIn: AdmitSignIn
}): Router<UserState> {
  const { sessions, keys, protect, admitSignIn } = options
  const router = new Router<UserState>()

  const patience = deadline({ maxMs: SIGN_IN_DEADLINE_MS, trustIncoming: false })
  router.post('/v1/sessions', patience, async (ctx) => {
    const credentials = validate(credentialsSchema, await readJsonBody(ctx), 'body')
    const admitted = admitSignIn(ctx, credentials.username)
    const session = await sessions.signIn(credentials, ctx.state.deadline)
    admitted.succeeded()
    ctx.status = 201
    ctx.body = session
    ctx.set('cache-control', 'no-store')
  })

  router.post('/v1/sessions/refresh', async (ctx) => {
    const { refreshToken } = validate(refreshSchema, await readJsonBody(ctx), 'body')
    ctx.body = await sessions.refresh(refreshToken, ctx.state.deadline)
    ctx.set('cache-control', 'no-store')
  })

  router.delete('/v1/sessions/current', protect(), async (ctx) => {
    const { sessionId } = ctx.state.principal
    if (sessionId !== undefined) await sessions.signOut(sessionId, ctx.state.deadline)
    ctx.status = 204
  })

  router.get('/.well-known/jwks.json', (ctx) => {
    ctx.set('cache-control', `public, max-age=${KEY_SET_MAX_AGE}`)
    ctx.body = keys.keySet()
  })

  return router
}

/** Says in HTTP what the domain says in errors of its own. */
export function asProblem(error: unknown): unknown {
  if (error instanceof WrongCredentialsError) {
    return unauthenticated(
      'wrong-credentials',
      'Name or password is wrong',
      'name or password is wrong',
      error,
    )
  }
  if (error instanceof RefreshRefusedError) {
    // Which of the reasons it was helps a thief more than the owner, who has to sign in again anyhow.
    const detail = 'the refresh token is unknown, used or expired, or its session has ended; sign in again'
    return unauthenticated('session-ended', 'The session cannot be refreshed', detail, error)
  }
  return error
}

function unauthenticated(type: string, title: string, detail: string, cause: unknown): ProblemError {
  return new ProblemError({
    status: 401,
    type,
    title,
    detail,
    cause,
    headers: { 'www-authenticate': 'Bearer' },
  })
}
