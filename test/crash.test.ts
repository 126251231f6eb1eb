import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readBooks, readLedger, unfinishedWork } from './crash/books.ts'
import { violations } from './crash/invariants.ts'
import { kill, planKills } from './crash/kills.ts'
import { type Kit, startKit } from './support/kit.ts'

/** Orders to acknowledge while everything is killed in turn; `npm run test:crash` asks for more. */
const ORDERS = Number(process.env.FAULTLINE_CRASH_ORDERS ?? 120)
/** The same seed kills in the same order at the same points. */
const SEED = Number(process.env.FAULTLINE_CRASH_SEED ?? 1)

/** Short, so that what was abandoned is free again soon. */
const HOLD_SECONDS = 20
/** On two cores about four orders a second are paid; with everything being killed, fewer. */
const BUYERS_PER_SECOND = 5
const RECOVERY_MS = 60_000
/** Until the next acknowledged order after a recovery. */
const PROGRESS_MS = 120_000
/** Holds run out, orders in doubt are asked about, unacknowledged events are delivered again. */
const QUIET_MS = 240_000

let kit: Kit

beforeAll(async () => {
  kit = await startKit()
})

afterAll(async () => {
  await kit?.[Symbol.asyncDispose]()
})

it(`keeps every promise when each process is killed under load (${ORDERS} orders, seed ${SEED})`, {
  timeout: 30 * 60_000,
}, async () => {
  const { runtime, stateDir } = kit
  await runtime.restart('booking', { env: { HOLD_SECONDS: String(HOLD_SECONDS) } })
  const file = join(stateDir, 'orders.jsonl')
  const acknowledged = async () => (await readLedger(file)).size
  const until = (orders: number) =>
    expect
      .poll(acknowledged, { timeout: PROGRESS_MS, interval: 100, message: 'orders are acknowledged' })
      .toBeGreaterThanOrEqual(orders)

  const over = new AbortController()
  const load = runtime.runLoad('soak', {
    ledger: file,
    rate: BUYERS_PER_SECOND,
    duration: '30m',
    settings: { BUYER_SHARE: '1', THINK_SECONDS: '0.1', SEED: String(SEED) },
    signal: over.signal,
  })
  try {
    await until(1)
    for (const next of planKills(SEED, ORDERS)) {
      await until((await acknowledged()) + next.afterOrders)
      await kill(runtime, next, RECOVERY_MS)
    }
    await until(ORDERS)
  } finally {
    over.abort()
    await load.catch(() => undefined)
  }

  const { postgres } = runtime.endpoints()
  const books = () => readBooks(postgres, join(stateDir, 'data/payment-provider/charges.sqlite'))
  await expect
    .poll(async () => unfinishedWork(await books()), { timeout: QUIET_MS, interval: 1_000 })
    .toBe('')
  const ledger = await readLedger(file)
  expect(ledger.size).toBeGreaterThanOrEqual(ORDERS)
  expect(violations(ledger, await books())).toEqual([])
})
