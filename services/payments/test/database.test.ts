import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stack, startStack } from './support/stack.ts'

const INSUFFICIENT_PRIVILEGE = '42501'
const SETTLED = '5f0c9a52-7d3e-5b0a-9c1d-0f7c2b6f3a11'

let stack: Stack
let service: pg.Client

beforeAll(async () => {
  stack = await startStack()
  service = new pg.Client({ connectionString: stack.serviceUrl })
  await service.connect()
  await service.query(
    `INSERT INTO charges (id, order_id, amount, currency, request_hash, payment_token, reconcile_at)
     VALUES ($1, gen_random_uuid(), 1, 'EUR', '', 'tok_visa', now())`,
    [SETTLED],
  )
  await service.query(
    `UPDATE charges SET status = 'succeeded', provider_charge_id = 'x', payment_token = NULL, settled_at = now()`,
  )
})
afterAll(async () => {
  await service?.end()
  await stack?.[Symbol.asyncDispose]()
})

describe("the service's role", () => {
  it.each([
    'DELETE FROM charges',
    'TRUNCATE charges',
    'UPDATE charges SET amount = 0',
    'UPDATE charges SET order_id = gen_random_uuid()',
    'SELECT * FROM migrations',
    'CREATE TABLE payments.own (id int)',
    'SET ROLE postgres',
  ])('may not: %s', async (statement) => {
    await expect(service.query(statement)).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE })
  })
})

describe('the table of charges', () => {
  it.each([
    "UPDATE charges SET status = 'pending', provider_charge_id = NULL, payment_token = 't', settled_at = NULL",
    "UPDATE charges SET status = 'declined', decline_reason = 'card_declined'",
  ])('keeps what is settled: %s', async (statement) => {
    await expect(service.query(statement)).rejects.toThrow(/is settled/)
  })

  it('has one charge an order', async () => {
    await expect(
      service.query(
        `INSERT INTO charges (id, order_id, amount, currency, request_hash, payment_token, reconcile_at)
         SELECT gen_random_uuid(), order_id, 1, 'EUR', '', 'tok_visa', now() FROM charges`,
      ),
    ).rejects.toThrow(/charges_order_id_key/)
  })
})
