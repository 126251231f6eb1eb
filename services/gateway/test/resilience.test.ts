import { type ConcertPage, problemSchema } from '@faultline/contracts'
import { fetchJson } from '@faultline/test-support/http'
import { freePort } from '@faultline/test-support/ports'
import type { ServiceProcess } from '@faultline/test-support/service-process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Load, type Stack, startLoad, startStack } from './support/stack.ts'

const LANES = 8

let stack: Stack
let one: ServiceProcess
let two: ServiceProcess
let gateway: ServiceProcess
let concertIds: string[]

beforeAll(async () => {
  stack = await startStack()
  one = await stack.startCatalog()
  two = await stack.startCatalog()
  gateway = await stack.startGateway([one.url, two.url])
  const { body } = await fetchJson<ConcertPage>(`${gateway.url}/v1/concerts?limit=100`)
  concertIds = body.items.map(({ id }) => id)
})
afterAll(() => stack?.[Symbol.asyncDispose]())

/** Reads and a query by POST, in turn. */
function browse(): Load {
  let turn = 0
  return startLoad(LANES, () => {
    const id = concertIds[turn++ % concertIds.length]
    if (turn % 5 === 0) return fetch(`${gateway.url}/v1/concerts?limit=5&minAvailable=10`)
    if (turn % 3 === 0) {
      return fetch(`${gateway.url}/v1/availability-queries`, {
        method: 'POST',
        body: JSON.stringify({ concertIds: [id] }),
        headers: { 'content-type': 'application/json' },
      })
    }
    return fetch(`${gateway.url}/v1/concerts/${id}`)
  })
}

/** Waits for a number of further requests of the load. */
async function further(load: Load, requests: number): Promise<void> {
  const target = load.count + requests
  await expect.poll(() => load.count, { timeout: 30_000 }).toBeGreaterThan(target)
}

async function metric(name: string, labels: string): Promise<number> {
  const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
  return Number(new RegExp(`^${name}\\{${labels}\\} (\\S+)`, 'm').exec(text)?.[1] ?? 0)
}

const breakerOf = (replica: string) =>
  metric('resilience_breaker_state', `peer_service="catalog",replica="${replica}"`)

describe('one of two replicas', () => {
  it('can be killed under load without an error for anybody, and gets its share when it is back', async () => {
    const load = browse()
    await further(load, 100)
    one.kill('SIGKILL')
    await one.ended
    await further(load, 300)
    expect(await breakerOf('1')).toBe(2)

    one = await stack.startCatalog(Number(new URL(one.url).port))
    await expect.poll(() => breakerOf('1'), { timeout: 10_000 }).toBe(0)
    await further(load, 100)
    expect(Object.keys(await load.stop())).toEqual(['200'])
    expect(await metric('resilience_retries_total', 'peer_service="catalog"')).toBeGreaterThan(0)
  })

  it('can be stopped in order under load without an error for anybody', async () => {
    const load = browse()
    await further(load, 100)
    one.kill('SIGTERM')
    expect(await one.ended).toMatchObject({ exitCode: 0 })
    await further(load, 200)
    one = await stack.startCatalog(Number(new URL(one.url).port))
    await expect.poll(() => breakerOf('1'), { timeout: 10_000 }).toBe(0)
    expect(Object.keys(await load.stop())).toEqual(['200'])
  })

  it('can hang without an error for anybody', async () => {
    const load = browse()
    await further(load, 50)
    one.kill('SIGSTOP')
    await further(load, 300)
    one.kill('SIGCONT')
    await further(load, 50)
    expect(Object.keys(await load.stop())).toEqual(['200'])
  })
})

describe('without any replica', () => {
  it('the gateway stays ready and answers 503 at once, with cause and without address', async () => {
    await using lonely = await stack.startGateway([`http://127.0.0.1:${await freePort()}`])
    expect((await fetch(`${lonely.adminUrl}/readyz`)).status).toBe(200)
    for (let i = 0; i < 10; i++) {
      const startedAt = performance.now()
      const { status, headers, body } = await fetchJson(`${lonely.url}/v1/concerts`)
      expect(performance.now() - startedAt).toBeLessThan(1_000)
      expect(status).toBe(503)
      expect(headers.get('retry-after')).toBe('1')
      const problem = problemSchema.parse(body)
      expect(problem.dependency).toBe('catalog')
      expect(['connection_failed', 'circuit_open']).toContain(problem.cause)
      expect(JSON.stringify(body)).not.toMatch(/127\.0\.0\.1|ECONN|\.ts/)
    }
  })

  it('that answers, the gateway gives up at its deadline with 504', async () => {
    await using hanging = await stack.startCatalog()
    await using waiting = await stack.startGateway([hanging.url])
    hanging.kill('SIGSTOP')
    const startedAt = performance.now()
    const { status, body } = await fetchJson(`${waiting.url}/v1/concerts`)
    expect(status).toBe(504)
    expect(problemSchema.parse(body)).toMatchObject({ dependency: 'catalog', cause: 'timeout' })
    expect(performance.now() - startedAt).toBeLessThan(3_500)
    hanging.kill('SIGCONT')
  })

  it('that has its database, the gateway says so', async () => {
    await stack.postgres.stop()
    const { status, body } = await fetchJson(`${gateway.url}/v1/concerts`)
    await stack.postgres.start()
    expect(status).toBe(503)
    expect(problemSchema.parse(body).dependency).toBe('catalog')
    await expect
      .poll(async () => (await fetchJson(`${gateway.url}/v1/concerts`)).status, { timeout: 10_000 })
      .toBe(200)
  })
})

describe('the gateway told to end', () => {
  it('answers what is under way, then ends with 0', async () => {
    const slow = await stack.startCatalog()
    await using ending = await stack.startGateway([slow.url])
    expect((await fetchJson(`${ending.url}/v1/concerts`)).status).toBe(200)
    slow.kill('SIGSTOP')
    const answer = fetchJson(`${ending.url}/v1/concerts`)
    await expect
      .poll(async () =>
        (await (await fetch(`${ending.adminUrl}/metrics`)).text()).includes(
          'resilience_bulkhead_in_flight{peer_service="catalog"} 1',
        ),
      )
      .toBe(true)
    ending.kill('SIGTERM')
    await expect.poll(async () => (await fetch(`${ending.adminUrl}/readyz`)).status).toBe(503)
    slow.kill('SIGCONT')
    expect((await answer).status).toBe(200)
    expect((await answer).headers.get('connection')).toBe('close')
    expect(await ending.ended).toMatchObject({ exitCode: 0 })
  })
})
