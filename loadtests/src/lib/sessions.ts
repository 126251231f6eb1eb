import type { Session } from '@faultline/contracts'
import { fail, sleep } from 'k6'
import exec from 'k6/execution'
import { json, post, type Response } from './client.ts'
import { routes } from './routes.ts'
import { visitorCount, visitorPassword } from './settings.ts'

/** A session as virtual users keep it. */
export interface SignedIn {
  readonly username: string
  readonly accessToken: string
  /** Missing in a session that several virtual users share: a refresh token works once. */
  readonly refreshToken?: string
  /** Epoch milliseconds from which on it is to be renewed. */
  readonly renewAt: number
}

const tries = 5
const usernameOf = (index: number): string => `visitor-${(index % visitorCount) + 1}`

function toSignedIn(username: string, session: Partial<Session> | undefined): SignedIn | undefined {
  if (session?.accessToken === undefined || session.refreshToken === undefined) return undefined
  // They all began together; a share of the life that depends on the user keeps them from renewing together.
  const share = 0.5 + (0.3 * (Number(/\d+$/.exec(username)) % 10)) / 10
  return {
    username,
    accessToken: session.accessToken,
    refreshToken: session.refreshToken,
    renewAt: Date.now() + (session.expiresIn ?? 60) * 1_000 * share,
  }
}

export const signIn = (username: string): SignedIn | undefined =>
  toSignedIn(
    username,
    json<Session>(
      post(routes.signIn, '/v1/sessions', { username, password: visitorPassword }, { status: 201 }),
    ),
  )

export const refresh = (username: string, refreshToken: string): SignedIn | undefined =>
  toSignedIn(
    username,
    json<Session>(post(routes.refresh, '/v1/sessions/refresh', { refreshToken }, { status: [200, 201] })),
  )

/**
 * Signs in some of the demo users, for all virtual users to begin with: checking a password costs the gateway as much
 * as many requests, so nobody signs in for a single visit.
 * Throws when nobody can sign in: buyers that cannot buy would measure nothing.
 */
export function signInPool(wanted: number): SignedIn[] {
  const usernames = Array.from({ length: Math.min(wanted, visitorCount) }, (_, index) => usernameOf(index))
  for (let attempt = 1; attempt <= tries; attempt++) {
    const sessions = usernames.flatMap((username) => signIn(username) ?? [])
    // Left out, not undefined: what setup returns becomes null on its way to the virtual users.
    if (sessions.length > 0) return sessions.map(({ refreshToken: _, ...session }) => session)
    sleep(1)
  }
  fail(`none of ${usernames.length} demo users could sign in: is the gateway up, and its database seeded?`)
}

/** This virtual user's own session; each one runs this module for itself. */
let own: SignedIn | undefined

/** The session of the virtual user that asks: one of the pool at first, then one of its own that it keeps renewing. */
function currentSession(pool: readonly SignedIn[]): SignedIn | undefined {
  own ??= pool[exec.vu.idInTest % pool.length]
  if (own === undefined || Date.now() < own.renewAt) return own
  return renewSession()
}

/** Renews the session of this virtual user, also before its time: when the gateway no longer takes it. */
function renewSession(): SignedIn | undefined {
  const username = own?.username ?? usernameOf(exec.vu.idInTest)
  const refreshed = own?.refreshToken === undefined ? undefined : refresh(username, own.refreshToken)
  own = refreshed ?? signIn(username)
  return own
}

/** Sends a request as this virtual user, and again in a new session when the gateway does not take the old one. */
export function signedIn(
  pool: readonly SignedIn[],
  send: (session: SignedIn | undefined) => Response,
): Response {
  const response = send(currentSession(pool))
  return response.status === 401 ? send(renewSession()) : response
}

/** The header that says who asks; without a session nobody does, and the answer is 401. */
export const bearer = (session: SignedIn | undefined): Record<string, string> =>
  session === undefined ? {} : { authorization: `Bearer ${session.accessToken}` }
