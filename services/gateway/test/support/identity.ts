import { randomUUID } from 'node:crypto'
import { type Problem, publicServices, type Session, sessionSchema } from '@faultline/contracts'
import { connectNats } from '@faultline/service-kit'
import {
  SERVICE_PASSWORD,
  startDatabase,
  type TestDatabase,
  withClient,
} from '@faultline/test-support/database'
import { fetchJson, type JsonResponse } from '@faultline/test-support/http'
import { type ServedApp, serve, type TestTelemetry, testTelemetry } from '@faultline/test-support/telemetry'
import type { Client } from 'pg'
import { expect } from 'vitest'
import { createApp } from '../../src/app.ts'
import { createIdentity, type Identity, type IdentityOptions } from '../../src/identity.ts'
import { gateway } from '../../src/main.ts'
import { seedUsers } from '../../src/seed.ts'

export const DEMO_PASSWORD = 'faultline-demo'

/** A database with the gateway's schema and users. */
export interface GatewayDatabase extends Omit<TestDatabase, 'serviceUrl'> {
  readonly serviceUrl: string
  /** Does again what `main.ts migrate` does. @returns whether users were changed */
  migrateAgain(password?: string): Promise<boolean>
}

export async function startGatewayDatabase(): Promise<GatewayDatabase> {
  const migrateAndSeed = async (owner: Client, password = DEMO_PASSWORD) => {
    await gateway.migrate(owner, SERVICE_PASSWORD, testTelemetry().logger)
    return seedUsers(owner, password)
  }
  const database = await startDatabase(migrateAndSeed)
  return {
    ...database,
    serviceUrl: database.serviceUrl(gateway.role),
    migrateAgain: (password) => withClient(database.ownerUrl, (owner) => migrateAndSeed(owner, password)),
  }
}

/** A gateway with real sessions inside the test's process; the services behind it answer 404. */
export interface IdentityGateway extends ServedApp {
  readonly telemetry: TestTelemetry
  readonly identity: Identity
}

export async function startIdentityGateway({
  databaseUrl,
  natsUrl,
  ...options
}: { databaseUrl: string; natsUrl: string } & Partial<IdentityOptions>): Promise<IdentityGateway> {
  const telemetry = testTelemetry()
  const nats = connectNats({ url: natsUrl, name: 'gateway', ...telemetry, retryMs: 20 })
  const identity = createIdentity({
    keysSecret: 'a secret of the test, long enough for it',
    keyLeadMs: 600_000,
    keyMaxAgeMs: 86_400_000,
    database: { url: databaseUrl, maxConnections: 10 },
    nats,
    telemetry,
    ...options,
  })
  const notThere = async () => ({ status: 404, headers: {}, body: PROBLEM })
  const app = createApp({
    telemetry,
    identity,
    shedding: { isOn: () => true },
    upstreams: publicServices.map((service) => ({ service, client: { call: notThere } })),
  })
  await identity.start()
  const server = await serve(app)
  return {
    url: server.url,
    telemetry,
    identity,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await identity.close()
      await nats.close()
    },
  }
}

const PROBLEM = JSON.stringify({
  type: 'urn:faultline:problem:resource-not-found',
  title: 'There is no such resource',
  status: 404,
  detail: 'there is none',
  instance: '/',
  requestId: 'r',
})

/** "Within seconds", on a machine that may be busy. */
export const WITHIN = { timeout: 5_000, interval: 20 }

export function postAt<Body = Problem>(
  at: { url: string },
  path: string,
  body: unknown,
): Promise<JsonResponse<Body>> {
  return fetchJson<Body>(`${at.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

export async function signInAt(at: { url: string }, username = 'visitor-1'): Promise<Session> {
  const { status, body } = await postAt<Session>(at, '/v1/sessions', { username, password: DEMO_PASSWORD })
  expect(status).toBe(201)
  return sessionSchema.parse(body)
}

/** Status of a request that any good token of a visitor may send; 404 is what the stand-in behind answers. */
export async function statusAt(at: { url: string }, token: string): Promise<number> {
  const url = `${at.url}/v1/orders/${randomUUID()}`
  return (await fetchJson(url, { headers: { authorization: `Bearer ${token}` } })).status
}
