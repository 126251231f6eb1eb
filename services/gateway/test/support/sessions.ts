import { randomUUID } from 'node:crypto'
import { type Problem, type Session, sessionSchema } from '@faultline/contracts'
import { expect } from 'vitest'
import { DEMO_PASSWORD } from './database.ts'
import { getJson, type JsonAnswer } from './http.ts'

/** "Within seconds", on a machine that may be busy. */
export const WITHIN = { timeout: 5_000, interval: 20 }

interface Gateway {
  readonly url: string
}

export function postAt<Body = Problem>(at: Gateway, path: string, body: unknown): Promise<JsonAnswer<Body>> {
  return getJson<Body>(`${at.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

export async function signInAt(at: Gateway, username = 'visitor-1'): Promise<Session> {
  const { status, body } = await postAt<Session>(at, '/v1/sessions', { username, password: DEMO_PASSWORD })
  expect(status).toBe(201)
  return sessionSchema.parse(body)
}

/** Status of a request that any good token of a visitor may send; 404 is what the stand-in behind answers. */
export async function statusAt(at: Gateway, token: string): Promise<number> {
  const url = `${at.url}/v1/orders/${randomUUID()}`
  return (await getJson(url, { headers: { authorization: `Bearer ${token}` } })).status
}
