import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { testTelemetry } from '@faultline/test-support/telemetry'
import { afterEach, describe, expect, it } from 'vitest'
import { DEADLINE_HEADER, Deadline } from '../app/deadline.ts'
import { DependencyError } from './attempt.ts'
import { createHttpClient, type HttpCall, type HttpClientOptions } from './http-client.ts'
import type { RetryPolicy } from './retries.ts'

const running: { close(): unknown }[] = []

afterEach(async () => {
  for (const resource of running.splice(0)) await resource.close()
})

/** A dependency of one replica, its client, and what it was sent. */
async function start(handler: RequestListener, options: Partial<HttpClientOptions> = {}) {
  const requests: { at: number; deadline: unknown }[] = []
  const server = createServer((req, res) => {
    requests.push({ at: performance.now(), deadline: req.headers[DEADLINE_HEADER] })
    handler(req, res)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const telemetry = testTelemetry()
  const client = createHttpClient({
    dependency: 'payments',
    origins: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`],
    register: telemetry.register,
    retryPolicy: () => 'naive',
    ...options,
  })
  running.push(client, {
    close() {
      server.close()
      server.closeAllConnections()
    },
  })
  const failureOf = (call: HttpCall) =>
    client.call(call).then(
      () => 'none',
      (error: unknown) => (error instanceof DependencyError ? error.failure : String(error)),
    )
  return { requests, client, telemetry, failureOf }
}

const answering =
  (status: number): RequestListener =>
  (_req, res) =>
    void res.writeHead(status).end()
const dropping: RequestListener = (req) => void req.socket.destroy()
const hanging: RequestListener = () => undefined

const charge = { method: 'POST', path: '/charges', body: '{}' } as const
const keyed = { ...charge, headers: { 'idempotency-key': 'order-0001' }, idempotent: false }
const peer = { peer_service: 'payments' }

describe('the naive retry policy', () => {
  it.each([
    ['an answer of 500', answering(500), 'error_answer'],
    ['an answer of 503', answering(503), 'unavailable'],
    ['an answer of 504', answering(504), 'timeout'],
    ['a dropped connection', dropping, 'connection_failed'],
    ['no answer', hanging, 'timeout'],
  ])('sends a POST with an idempotency key three times more after %s', async (_, handler, failure) => {
    const { requests, telemetry, failureOf } = await start(handler, { attemptTimeoutMs: 40 })
    expect(await failureOf(keyed)).toBe(failure)
    expect(requests).toHaveLength(4)
    expect(await telemetry.value('resilience_retries_total', peer)).toBe(3)
    expect(await telemetry.value('resilience_calls_total', { ...peer, outcome: failure })).toBe(1)
  })

  it('does not repeat a POST without a key', async () => {
    const { requests, failureOf } = await start(dropping)
    expect(await failureOf(charge)).toBe('connection_failed')
    expect(requests).toHaveLength(1)
  })

  it('stops at the first answer', async () => {
    let failures = 2
    const { requests, client } = await start((req, res) => answering(failures-- > 0 ? 500 : 402)(req, res))
    expect((await client.call(keyed)).status).toBe(402)
    expect(requests).toHaveLength(3)
  })

  it('gives every attempt the whole timeout, whatever the deadline, and tells nobody of it', async () => {
    const { requests, failureOf, telemetry } = await start(hanging, { attemptTimeoutMs: 60 })
    const startedAt = performance.now()
    expect(await failureOf({ ...keyed, deadline: Deadline.after(30) })).toBe('timeout')
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(4 * 55)
    expect(requests.map(({ deadline }) => deadline)).toEqual([undefined, undefined, undefined, undefined])
    expect(await telemetry.value('resilience_timeouts_total', peer)).toBe(4)
  })

  it('has neither budget, breaker, bulkhead nor a limit of connections', async () => {
    const { requests, failureOf, telemetry } = await start(hanging, {
      attemptTimeoutMs: 100,
      retryBudget: { capacity: 0, ratio: 0, minPerSecond: 0 },
      breakerThreshold: 1,
      maxConcurrent: 1,
      connections: 1,
    })
    const failures = await Promise.all(Array.from({ length: 5 }, () => failureOf(keyed)))
    expect(new Set(failures)).toEqual(new Set(['timeout']))
    expect(requests).toHaveLength(20)
    expect(await telemetry.value('resilience_breaker_state', { ...peer, replica: '1' })).toBe(0)
    expect(await telemetry.value('resilience_bulkhead_rejected_total', peer)).toBe(0)
  })

  it('is asked for again with every call, and its metric says which one is in force without one', async () => {
    let policy: RetryPolicy = 'protected'
    const { requests, failureOf, telemetry } = await start(answering(500), { retryPolicy: () => policy })
    const inForce = async () => ({
      protected: await telemetry.value('resilience_retry_policy', { ...peer, policy: 'protected' }),
      naive: await telemetry.value('resilience_retry_policy', { ...peer, policy: 'naive' }),
    })
    expect(await inForce()).toEqual({ protected: 1, naive: 0 })
    await failureOf(keyed)
    expect(requests).toHaveLength(1)
    policy = 'naive'
    expect(await inForce()).toEqual({ protected: 0, naive: 1 })
    await failureOf(keyed)
    expect(requests).toHaveLength(5)
  })

  it('ends with the attempt under way when it is switched off', async () => {
    let policy: RetryPolicy = 'naive'
    const { requests, failureOf } = await start(
      (req, res) => {
        if (requests.length === 2) policy = 'protected'
        answering(500)(req, res)
      },
      { retryPolicy: () => policy },
    )
    expect(await failureOf(keyed)).toBe('error_answer')
    expect(requests).toHaveLength(2)
  })
})

describe('the switch of the circuit breaker', () => {
  it('lets every call through while it is off, and takes effect at once', async () => {
    let on = false
    const { requests, failureOf } = await start(dropping, {
      retryPolicy: () => 'protected',
      breaker: () => on,
      breakerThreshold: 2,
      maxRetries: 0,
      halfOpenAfterMs: 60_000,
    })
    for (let i = 0; i < 6; i++) expect(await failureOf(charge)).toBe('connection_failed')
    expect(requests).toHaveLength(6)
    on = true
    for (let i = 0; i < 4; i++) await failureOf(charge)
    expect(requests).toHaveLength(8)
    expect(await failureOf(charge)).toBe('circuit_open')
    on = false
    expect(await failureOf(charge)).toBe('connection_failed')
  })
})
