import { randomUUID } from 'node:crypto'
import { type ChargeRequest, chargeSchema, problemSchema } from '@faultline/contracts'
import type { ServiceProcess } from '@faultline/test-support/service-process'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Stack, startStack, tokensOf } from './support/stack.ts'

let stack: Stack
let provider: ServiceProcess
let payments: ServiceProcess

beforeAll(async () => {
  stack = await startStack()
  provider = await stack.startProvider()
  payments = await stack.startPayments()
})
afterAll(() => stack?.[Symbol.asyncDispose]())

function request(paymentToken = 'tok_visa'): ChargeRequest {
  return { orderId: randomUUID(), total: { amount: 4_200, currency: 'EUR' }, paymentToken }
}

/** Waits until the charge of an order is settled in the database. */
async function settled(orderId: string): Promise<string> {
  return vi.waitFor(
    async () => {
      const [row] = await stack.asOwner<{ status: string }>(
        'SELECT status FROM payments.charges WHERE order_id = $1',
        [orderId],
      )
      expect(row?.status).not.toBe('pending')
      return String(row?.status)
    },
    { timeout: 20_000, interval: 50 },
  )
}

async function metric(name: string, labels = ''): Promise<number> {
  const text = await (await fetch(`${payments.adminUrl}/metrics`)).text()
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name}${labels} `))
  return Number(line?.split(' ')[1] ?? Number.NaN)
}

describe('a charge', () => {
  it('is made once, however often and at once it is asked for', async () => {
    const wanted = request()
    const answers = await Promise.all(Array.from({ length: 8 }, () => stack.charge(payments, wanted)))
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201))
    const charges = answers.map(({ body }) => chargeSchema.parse(body))
    expect(new Set(charges.map(({ id }) => id)).size).toBe(1)
    expect(charges[0]).toMatchObject({ orderId: wanted.orderId, status: 'succeeded', total: wanted.total })
    expect(stack.chargesAtProvider(wanted.orderId)).toBe(1)
    const again = await stack.get(payments, String(charges[0]?.id))
    expect(again).toMatchObject({ status: 200, body: charges[0] })
  })

  it('is declined with the reason of the provider, which is counted', async () => {
    const before = await metric('box_office_payments_declined_total', '{reason="insufficient_funds"}')
    const { status, body } = await stack.charge(payments, request('tok_insufficient_funds'))
    expect(status).toBe(201)
    expect(body).toMatchObject({ status: 'declined', declineReason: 'insufficient_funds' })
    expect(await metric('box_office_payments_declined_total', '{reason="insufficient_funds"}')).toBe(
      before + 1,
    )
  })

  it('forgets the payment token once it is settled', async () => {
    const wanted = request('tok_secret_of_somebody')
    await stack.charge(payments, wanted)
    const rows = await stack.asOwner('SELECT * FROM payments.charges WHERE order_id = $1', [wanted.orderId])
    expect(JSON.stringify(rows)).not.toContain('tok_secret_of_somebody')
    expect(payments.output()).not.toContain('tok_secret_of_somebody')
  })

  it('is refused for the same order with another amount or token', async () => {
    const wanted = request()
    await stack.charge(payments, wanted)
    for (const other of [
      { ...wanted, total: { amount: 1, currency: 'EUR' } },
      { ...wanted, paymentToken: 'tok_other' },
    ]) {
      const { status, body } = await stack.charge(payments, other)
      expect(status).toBe(422)
      expect(problemSchema.parse(body).type).toContain('idempotency-key-reused')
    }
  })

  it('wants the id of the order as key', async () => {
    for (const key of [randomUUID(), '']) {
      const { status } = await stack.charge(payments, request(), { headers: { 'idempotency-key': key } })
      expect(status).toBe(400)
    }
  })

  it('wants a token of booking that allows it', async () => {
    const stranger = await tokensOf().token()
    const headersOf = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
    expect((await stack.charge(payments, request(), headersOf(stranger))).status).toBe(401)
    expect((await stack.charge(payments, request(), { headers: { authorization: '' } })).status).toBe(401)
    expect((await stack.get(payments, randomUUID())).status).toBe(404)
  })
})

describe('a charge whose outcome is not known', () => {
  it('is found at the provider when the answer was lost, and not made again', async () => {
    const wanted = request('tok_lost')
    await stack.charge(payments, wanted)
    expect(await settled(wanted.orderId)).toBe('succeeded')
    expect(stack.chargesAtProvider(wanted.orderId)).toBe(1)
  })

  it('is made when the provider had refused it', async () => {
    const wanted = request('tok_refused')
    const { status, headers, body } = await stack.charge(payments, wanted)
    expect(status).toBe(202)
    expect(headers.get('retry-after')).toBe('1')
    expect(body.status).toBe('pending')
    expect(await settled(wanted.orderId)).toBe('succeeded')
    expect(stack.chargesAtProvider(wanted.orderId)).toBe(1)
  })

  it('is reconciled after a time-out, also as declined', async () => {
    provider.kill('SIGTERM')
    await provider.ended
    provider = await stack.startProvider({ LATENCY_MEDIAN_MS: '8000' })
    const wanted = request('tok_declined')
    expect(await stack.charge(payments, wanted)).toMatchObject({ status: 202, body: { status: 'pending' } })
    await vi.waitFor(async () => expect(await metric('box_office_charges_pending')).toBe(1), {
      timeout: 5_000,
    })
    expect(await metric('box_office_oldest_pending_charge_age_seconds')).toBeGreaterThan(0)
    provider.kill('SIGKILL')
    await provider.ended
    provider = await stack.startProvider()
    expect(await settled(wanted.orderId)).toBe('declined')
    expect(stack.chargesAtProvider(wanted.orderId)).toBe(1)
    await vi.waitFor(async () => expect(await metric('box_office_charges_pending')).toBe(0), {
      timeout: 5_000,
    })
    expect(await metric('box_office_charges_reconciled_total', '{outcome="declined"}')).toBe(1)
  })

  it('outlives payments being killed while the provider works', async () => {
    provider.kill('SIGTERM')
    await provider.ended
    provider = await stack.startProvider({ LATENCY_MEDIAN_MS: '300' })
    const wanted = request()
    const asked = stack.charge(payments, wanted).catch((error: unknown) => String(error))
    // Durable before the provider hears of it, and killed before the provider has answered.
    await vi.waitFor(
      async () => {
        const rows = await stack.asOwner('SELECT FROM payments.charges WHERE order_id = $1', [wanted.orderId])
        expect(rows).toHaveLength(1)
      },
      { interval: 5 },
    )
    payments.kill('SIGKILL')
    await payments.ended
    await asked
    payments = await stack.startPayments()
    expect(await settled(wanted.orderId)).toBe('succeeded')
    expect(stack.chargesAtProvider(wanted.orderId)).toBe(1)
    expect(await stack.charge(payments, wanted)).toMatchObject({ status: 201, body: { status: 'succeeded' } })
  })

  it('outlives payments being killed between the answer of the provider and the commit', async () => {
    const wanted = request()
    // The commit waits for this lock, so that the kill falls between the two for sure.
    await using lock = await holdCharges()
    const asked = stack.charge(payments, wanted).catch((error: unknown) => String(error))
    await vi.waitFor(() => expect(stack.chargesAtProvider(wanted.orderId)).toBe(1), { timeout: 10_000 })
    payments.kill('SIGKILL')
    await payments.ended
    await asked
    await lock.release()
    payments = await stack.startPayments()
    expect(await settled(wanted.orderId)).toBe('succeeded')
    expect(stack.chargesAtProvider(wanted.orderId)).toBe(1)
  })

  it('is made once when the provider is away, while nothing is lost', async () => {
    provider.kill('SIGKILL')
    await provider.ended
    const wanted = Array.from({ length: 10 }, () => request())
    const answers = await Promise.all(wanted.map((one) => stack.charge(payments, one)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
    provider = await stack.startProvider()
    for (const { orderId } of wanted) {
      expect(await settled(orderId)).toBe('succeeded')
      expect(stack.chargesAtProvider(orderId)).toBe(1)
    }
  })
})

/** Lets charges be entered but not settled until it is released. */
async function holdCharges(): Promise<AsyncDisposable & { release(): Promise<void> }> {
  const trigger = 'hold_settlement'
  await stack.asOwner(
    `CREATE FUNCTION payments.${trigger}() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN IF NEW.status <> 'pending' THEN PERFORM pg_sleep(30); END IF; RETURN NEW; END $$;
     CREATE TRIGGER ${trigger} BEFORE UPDATE ON payments.charges FOR EACH ROW EXECUTE FUNCTION payments.${trigger}()`,
  )
  let held = true
  const release = async () => {
    if (!held) return
    held = false
    // The killed service's statement would otherwise keep the table for itself.
    await stack.asOwner(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'payments_service'`,
    )
    await stack.asOwner(`DROP FUNCTION payments.${trigger} CASCADE`)
  }
  return { release, [Symbol.asyncDispose]: release }
}
