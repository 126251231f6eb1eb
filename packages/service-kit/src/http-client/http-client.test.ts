import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { freePort } from '@faultline/test-support/ports'
import { type TestTelemetry, testTelemetry } from '@faultline/test-support/telemetry'
import { afterEach, describe, expect, it } from 'vitest'
import { DEADLINE_HEADER, Deadline } from '../app/deadline.ts'
import { DependencyError } from './attempt.ts'
import { createHttpClient, type HttpClient, type HttpClientOptions } from './http-client.ts'

const running: { close(): unknown }[] = []

afterEach(async () => {
  for (const resource of running.splice(0)) await resource.close()
})

interface Replica {
  origin: string
  requests: { path: string | undefined; deadlineMs: number }[]
}

async function startReplica(handler: RequestListener): Promise<Replica> {
  const requests: Replica['requests'] = []
  const server: Server = createServer((req, res) => {
    requests.push({ path: req.url, deadlineMs: Number(req.headers[DEADLINE_HEADER]) })
    handler(req, res)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  running.push({
    close() {
      server.close()
      server.closeAllConnections()
    },
  })
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}

const answering =
  (status: number): RequestListener =>
  (_req, res) => {
    res.writeHead(status).end(`status ${status}`)
  }

/** Accepts the connection and drops it, as a layer 4 proxy does for a replica that is gone. */
const dropping: RequestListener = (req) => void req.socket.destroy()

/** Takes the request and never answers. */
const hanging: RequestListener = () => undefined

function client(
  origins: readonly string[],
  options: Partial<HttpClientOptions> = {},
): { client: HttpClient; telemetry: TestTelemetry } {
  const telemetry = testTelemetry()
  const created = createHttpClient({
    dependency: 'catalog',
    origins,
    register: telemetry.register,
    retryDelayMs: [1, 2],
    ...options,
  })
  running.unshift(created)
  return { client: created, telemetry }
}

const get = { method: 'GET', path: '/concerts' } as const
const peer = { peer_service: 'catalog' }

async function failureOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    if (error instanceof DependencyError) return error.failure
    throw error
  }
  return 'none'
}

describe('createHttpClient', () => {
  it('takes the replicas in turn', async () => {
    const replicas = [await startReplica(answering(200)), await startReplica(answering(200))]
    const { client: http } = client(replicas.map(({ origin }) => origin))
    for (let i = 0; i < 10; i++) expect((await http.call(get)).body).toBe('status 200')
    expect(replicas.map(({ requests }) => requests.length)).toEqual([5, 5])
  })

  it.each([
    ['drops connections', async () => (await startReplica(dropping)).origin],
    ['refuses connections', async () => `http://127.0.0.1:${await freePort()}`],
    ['says that it is unavailable', async () => (await startReplica(answering(503))).origin],
  ])('hides from the caller that a replica %s', async (_, makeBad) => {
    const good = await startReplica(answering(200))
    const { client: http, telemetry } = client([await makeBad(), good.origin])
    const answers = await Promise.all(Array.from({ length: 40 }, () => http.call(get)))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect(await telemetry.value('resilience_retries_total', peer)).toBeGreaterThan(0)
    expect(await telemetry.value('resilience_breaker_state', { ...peer, replica: '1' })).toBe(2)
    expect(await telemetry.value('resilience_calls_total', { ...peer, outcome: 'success' })).toBe(40)
  })

  it('leaves a replica alone while its breaker is open, and takes it back when it works again', async () => {
    let broken = true
    const flaky = await startReplica((req, res) => (broken ? dropping : answering(200))(req, res))
    const good = await startReplica(answering(200))
    const { client: http, telemetry } = client([flaky.origin, good.origin], { halfOpenAfterMs: 50 })
    for (let i = 0; i < 12; i++) await http.call(get)
    const whileOpen = flaky.requests.length
    expect(whileOpen).toBe(5)
    broken = false
    await expect
      .poll(async () => {
        await http.call(get)
        return telemetry.value('resilience_breaker_state', { ...peer, replica: '1' })
      })
      .toBe(0)
    expect(flaky.requests.length).toBeGreaterThan(whileOpen)
  })

  it('tries a hanging replica at most once a call, and another one in time', async () => {
    const good = await startReplica(answering(200))
    const stuck = await startReplica(hanging)
    const { client: http, telemetry } = client([stuck.origin, good.origin], { attemptTimeoutMs: 50 })
    expect((await http.call(get)).status).toBe(200)
    expect(stuck.requests).toHaveLength(1)
    expect(await telemetry.value('resilience_timeouts_total', peer)).toBe(1)
  })

  it('ends at the deadline, whatever the attempts', async () => {
    const stuck = await startReplica(hanging)
    const { client: http } = client([stuck.origin], { attemptTimeoutMs: 80, maxRetries: 9 })
    const startedAt = performance.now()
    expect(await failureOf(http.call({ ...get, deadline: Deadline.after(200) }))).toBe('timeout')
    expect(performance.now() - startedAt).toBeLessThan(400)
  })

  it('tells the replica how long the answer is awaited', async () => {
    const replica = await startReplica(answering(200))
    const { client: http } = client([replica.origin], { attemptTimeoutMs: 400 })
    await http.call(get)
    await http.call({ ...get, deadline: Deadline.after(150) })
    const [first = Number.NaN, second = Number.NaN] = replica.requests.map(({ deadlineMs }) => deadlineMs)
    expect(first).toBe(400)
    expect(second).toBeLessThanOrEqual(150)
    expect(second).toBeGreaterThan(50)
  })

  it('does not repeat what may do harm', async () => {
    const replica = await startReplica(dropping)
    const { client: http } = client([replica.origin])
    expect(await failureOf(http.call({ ...get, method: 'POST' }))).toBe('connection_failed')
    expect(replica.requests).toHaveLength(1)
  })

  it('repeats a POST that the caller calls idempotent', async () => {
    const replica = await startReplica(dropping)
    const { client: http } = client([replica.origin])
    await failureOf(http.call({ ...get, method: 'POST', body: '{}', idempotent: true }))
    expect(replica.requests).toHaveLength(3)
  })

  it('keeps retries within the budget', async () => {
    const replica = await startReplica(dropping)
    const { client: http, telemetry } = client([replica.origin], {
      retryBudget: { capacity: 3, ratio: 0, minPerSecond: 0 },
      breakerThreshold: 1_000,
    })
    for (let i = 0; i < 10; i++) await failureOf(http.call(get))
    expect(replica.requests).toHaveLength(13)
    expect(await telemetry.value('resilience_retry_budget_exhausted_total', peer)).toBeGreaterThan(0)
  })

  it('fails at once when every breaker is open', async () => {
    const replica = await startReplica(dropping)
    const { client: http } = client([replica.origin], { halfOpenAfterMs: 60_000 })
    for (let i = 0; i < 3; i++) await failureOf(http.call(get))
    const before = replica.requests.length
    expect(await failureOf(http.call(get))).toBe('circuit_open')
    expect(replica.requests).toHaveLength(before)
  })

  it('refuses calls past the bulkhead', async () => {
    const stuck = await startReplica(hanging)
    const { client: http, telemetry } = client([stuck.origin], {
      maxConcurrent: 2,
      attemptTimeoutMs: 100,
      maxRetries: 0,
    })
    const failures = await Promise.all([1, 2, 3].map(() => failureOf(http.call(get))))
    expect(failures.sort()).toEqual(['bulkhead_full', 'timeout', 'timeout'])
    expect(await telemetry.value('resilience_bulkhead_rejected_total', peer)).toBe(1)
    expect(await telemetry.value('resilience_bulkhead_in_flight', peer)).toBe(0)
  })

  it.each([
    [500, 'error_answer', 1],
    [504, 'timeout', 1],
    [503, 'unavailable', 3],
  ])('takes an answer of %i for %s, after %i attempts', async (status, failure, attempts) => {
    const replica = await startReplica(answering(status))
    const { client: http } = client([replica.origin])
    expect(await failureOf(http.call(get))).toBe(failure)
    expect(replica.requests).toHaveLength(attempts)
  })

  it('gives back an answer that refuses the request', async () => {
    const replica = await startReplica(answering(404))
    const { client: http } = client([replica.origin])
    expect(await http.call(get)).toMatchObject({ status: 404, body: 'status 404' })
  })

  it('does not read an answer without end', async () => {
    const endless = await startReplica((_req, res) => {
      res.on('error', () => undefined)
      const write = (): void => void (res.writable && res.write('x'.repeat(10_000), write))
      write()
    })
    const { client: http } = client([endless.origin], { maxResponseBytes: 50_000 })
    expect(await failureOf(http.call(get))).toBe('invalid_answer')
    expect(endless.requests).toHaveLength(1)
  })
})
