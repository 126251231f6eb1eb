import { randomUUID } from 'node:crypto'
import {
  flags as definitions,
  type FlagName,
  type FlagValue,
  type Scope,
  USER_TOKEN_ISSUER,
} from '@faultline/contracts'
import { connectNats, type Nats } from '@faultline/service-kit'
import { serve, type TestTelemetry, testTelemetry } from '@faultline/test-support/telemetry'
import { startUsers } from '@faultline/test-support/tokens'
import type Koa from 'koa'
import type { DeliveryPolicies } from '../../src/consumers/run-consumer.ts'
import { createTicketing, type TicketingOptions } from '../../src/main.ts'

/** Tries that a test can wait for. */
const policy = {
  ackWaitMs: 1_000,
  backoffMs: [20, 40],
  maxDeliveries: 3,
  concurrency: 4,
  timeoutMs: 5_000,
}
const QUICK: DeliveryPolicies = { renderer: policy, sender: policy }

export interface RunningTicketing extends AsyncDisposable {
  readonly url: string
  readonly app: Koa
  readonly telemetry: TestTelemetry
  readonly nats: Nats
  /** Values of flags that a test sets; the defaults otherwise. */
  readonly flags: Map<FlagName, unknown>
  /** Authorization header of a user. */
  tokenOf(userId: string, ...scopes: Scope[]): Promise<string>
}

/** Ticketing inside of the test's process. */
export async function startTicketing(
  urls: { database: string; nats: string },
  options: Partial<Pick<TicketingOptions, 'policies' | 'webhookClient' | 'resolve'>> = {},
): Promise<RunningTicketing> {
  const telemetry = testTelemetry()
  const flags = new Map<FlagName, unknown>()
  const nats = connectNats({ url: urls.nats, name: `ticketing ${randomUUID()}`, ...telemetry, retryMs: 20 })
  const users = await startUsers()
  const ticketing = createTicketing({
    database: { url: urls.database, maxConnections: 10 },
    telemetry,
    nats,
    flags: {
      value: <Name extends FlagName>(name: Name) =>
        (flags.get(name) ?? definitions[name].default) as FlagValue<Name>,
    },
    tokens: { issuers: [{ issuer: USER_TOKEN_ISSUER, keys: users.keys }] },
    policies: QUICK,
    // The test itself keeps the event loop of this process busy.
    shedding: { maxEventLoopDelayMs: Number.POSITIVE_INFINITY },
    ...options,
  })
  const server = await serve(ticketing.app)
  return {
    url: server.url,
    app: ticketing.app,
    telemetry,
    nats,
    flags,
    tokenOf: async (userId, ...scopes) => `Bearer ${await users.token(userId, { scope: scopes.join(' ') })}`,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await ticketing.close()
      await users[Symbol.asyncDispose]()
    },
  }
}
