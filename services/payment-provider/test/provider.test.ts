import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ProviderCharge,
  type ProviderChargeRequest,
  problemSchema,
  providerChargeListSchema,
  providerChargeSchema,
} from '@faultline/contracts'
import { apiFaults } from '@faultline/test-support/api-faults'
import { type ServiceProcess, startServiceProcess } from '@faultline/test-support/service-process'
import { testTelemetry } from '@faultline/test-support/telemetry'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp } from '../src/app.ts'
import { openCharges } from '../src/repositories/charges.ts'

const KEY = 'provider-test-key'
const ENTRY = new URL('../src/main.ts', import.meta.url)
const INSTRUMENTATION = new URL('../src/instrumentation.ts', import.meta.url)

let folder: string
const processes: ServiceProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline-provider-'))
})
afterEach(async () => {
  for (const running of processes.splice(0)) await running[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

async function start(env: Record<string, string> = {}): Promise<ServiceProcess> {
  const started = await startServiceProcess({
    entry: ENTRY,
    preload: INSTRUMENTATION,
    env: {
      PROVIDER_API_KEY: KEY,
      DATA_FILE: join(folder, 'charges.sqlite'),
      LATENCY_MEDIAN_MS: '1',
      ...env,
    },
  })
  processes.push(started)
  return started
}

function send(url: string, init: RequestInit = {}, key = KEY): Promise<Response> {
  return fetch(url, {
    ...init,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
  })
}

function request(reference: string, paymentToken = 'tok_visa', amount = 4_200): ProviderChargeRequest {
  return { reference, total: { amount, currency: 'EUR' }, paymentToken }
}

const charge = (provider: ServiceProcess, body: unknown, init: RequestInit = {}) =>
  send(`${provider.url}/v1/charges`, { ...init, method: 'POST', body: JSON.stringify(body) })

async function find(provider: ServiceProcess, reference: string): Promise<ProviderCharge[]> {
  const answer = await send(`${provider.url}/v1/charges?reference=${encodeURIComponent(reference)}`)
  expect(answer.status).toBe(200)
  return providerChargeListSchema.parse(await answer.json()).items
}

async function metric(provider: ServiceProcess, line: RegExp): Promise<number> {
  const text = await (await fetch(`${provider.adminUrl}/metrics`)).text()
  return Number(line.exec(text)?.[1] ?? Number.NaN)
}

describe('the payment provider', () => {
  it('charges a reference once and answers the same every time', async () => {
    const provider = await start()
    const answers = await Promise.all(Array.from({ length: 8 }, () => charge(provider, request('order-1'))))
    const charges = await Promise.all(
      answers.map(async (answer) => providerChargeSchema.parse(await answer.json())),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 201])
    expect(new Set(charges.map(({ id }) => id)).size).toBe(1)
    expect(charges[0]).toMatchObject({ reference: 'order-1', status: 'succeeded', declineReason: null })
    expect(await find(provider, 'order-1')).toEqual([charges[0]])
    expect(await find(provider, 'order-2')).toEqual([])
  })

  it.each([
    ['tok_declined', 'card_declined'],
    ['tok_insufficient_funds', 'insufficient_funds'],
    ['tok_expired_card', 'expired_card'],
  ])('declines %s for %s', async (token, declineReason) => {
    const provider = await start()
    const answer = await charge(provider, request('order-1', token))
    expect(answer.status).toBe(201)
    expect(await answer.json()).toMatchObject({ status: 'declined', declineReason })
  })

  it('refuses tok_refused once with nothing charged, then takes it', async () => {
    const provider = await start()
    expect((await charge(provider, request('order-1', 'tok_refused'))).status).toBe(500)
    expect(await find(provider, 'order-1')).toEqual([])
    expect((await charge(provider, request('order-1', 'tok_refused'))).status).toBe(201)
  })

  it('charges tok_lost but breaks off before it says so', async () => {
    const provider = await start()
    await expect(charge(provider, request('order-1', 'tok_lost'))).rejects.toThrow('fetch failed')
    expect(await find(provider, 'order-1')).toHaveLength(1)
    expect((await charge(provider, request('order-1', 'tok_lost'))).status).toBe(200)
  })

  it('refuses a reference that was charged with another amount or token', async () => {
    const provider = await start()
    await charge(provider, request('order-1'))
    for (const other of [request('order-1', 'tok_visa', 1), request('order-1', 'tok_other')]) {
      const answer = await charge(provider, other)
      expect(answer.status).toBe(409)
      expect(problemSchema.parse(await answer.json()).type).toContain('reference-reused')
    }
  })

  it('lets only the merchant in', async () => {
    const provider = await start()
    for (const key of ['', 'wrong-key', `${KEY}x`]) {
      expect((await send(`${provider.url}/v1/charges?reference=x`, {}, key)).status).toBe(401)
    }
    expect((await fetch(`${provider.url}/openapi.json`)).status).toBe(200)
  })

  it('forgets nothing that it acknowledged when it is killed', async () => {
    const provider = await start()
    const charged = providerChargeSchema.parse(await (await charge(provider, request('order-1'))).json())
    provider.kill('SIGKILL')
    await provider.ended
    const again = await start()
    expect(await find(again, 'order-1')).toEqual([charged])
    expect((await charge(again, request('order-1'))).status).toBe(200)
  })

  it('works off what nobody waits for any more, one after the other', async () => {
    const provider = await start({ MAX_CONCURRENT: '1', LATENCY_MEDIAN_MS: '150' })
    const references = ['order-1', 'order-2', 'order-3', 'order-4']
    const gone = references.map((reference) =>
      charge(provider, request(reference), { signal: AbortSignal.timeout(100) }).catch(() => undefined),
    )
    await vi.waitFor(async () =>
      expect(await metric(provider, /^payment_provider_queue_length (\d+)/m)).toBeGreaterThan(0),
    )
    expect(await metric(provider, /^payment_provider_workers_busy (\d+)/m)).toBe(1)
    await Promise.all(gone)
    await vi.waitFor(
      async () =>
        expect(await metric(provider, /^payment_provider_charges_total\{status="succeeded"\} (\d+)/m)).toBe(
          4,
        ),
      { timeout: 10_000 },
    )
    expect(await metric(provider, /^payment_provider_abandoned_requests_total (\d+)/m)).toBeGreaterThan(0)
    expect(await metric(provider, /^payment_provider_queue_length (\d+)/m)).toBe(0)
  })

  it('turns away what its queue has no place for, and takes it later', async () => {
    const provider = await start({ MAX_CONCURRENT: '1', MAX_QUEUED: '1', LATENCY_MEDIAN_MS: '300' })
    const answers = await Promise.all(
      ['order-1', 'order-2', 'order-3'].map((reference) => charge(provider, request(reference))),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 503])
    expect(answers.find(({ status }) => status === 503)?.headers.get('retry-after')).toBe('1')
    expect(await metric(provider, /^payment_provider_rejected_requests_total (\d+)/m)).toBe(1)
    expect((await charge(provider, request('order-4'))).status).toBe(201)
  })

  it('says what is wrong with its configuration, and how to mend it', async () => {
    await expect(start({ DECLINE_RATIO: '2', PROVIDER_API_KEY: 'short' })).rejects.toThrow(
      /PROVIDER_API_KEY: is shorter than 8 characters.*DECLINE_RATIO: is not a number from 0 to 1/s,
    )
    await expect(start({ DATA_FILE: '/dev/null/charges' })).rejects.toThrow(/Set DATA_FILE to a file/)
  })
})

it('the routes of the provider are those of its document, and none is open without the key', async () => {
  const repository = openCharges(':memory:')
  try {
    const app = createApp({
      telemetry: testTelemetry(),
      repository,
      fate: { seed: '1', latencyMedianMs: 1, declineRatio: 0, failureRatio: 0 },
      maxConcurrent: 1,
      maxQueued: 10,
      apiKey: 'provider-test-key',
    })
    expect(await apiFaults(app)).toEqual([])
  } finally {
    repository.close()
  }
})
