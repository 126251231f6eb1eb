import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resolveBinary } from '@faultline/toolchain'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { k6, startK6 } from './k6.ts'
import { type SeenRequest, startStubShop } from './stub-shop.ts'

// Once a machine this builds k6, which takes longer than a test may.
beforeAll(() => resolveBinary('k6'))

const run = ['run', '--quiet']

/** Buyers alone, hardly thinking, for a few seconds. */
const buyers = { DURATION: '4s', RATE: '10', BUYER_SHARE: '1', THINK_SECONDS: '0.05' }

interface LedgerLine {
  readonly orderId: string
  readonly reservationId: string
  readonly seatIds: readonly string[]
  readonly status: string
  readonly at: string
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-k6-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

/** What sends k6's console to the ledger. */
const ledgerAt = (path: string) => ({ LEDGER_PATH: path, K6_CONSOLE_OUTPUT: path, K6_LOG_FORMAT: 'raw' })

const readLedger = async (path: string): Promise<LedgerLine[]> =>
  (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LedgerLine)

const sentTo = (seen: readonly SeenRequest[], method: string, path: string): SeenRequest[] =>
  seen.filter((request) => request.method === method && request.path === path)

describe('buyers', () => {
  it('reserve only seats that were free, pay once with a key of their own, and wait for the ticket', async () => {
    await using shop = await startStubShop()
    const { exitCode, stdout } = await k6(run, 'soak', { GATEWAY_URL: shop.url, ...buyers })
    expect(stdout).toMatch(/✓ tickets_delivered/)
    expect(exitCode).toBe(0)
    const orders = sentTo(shop.seen, 'POST', '/v1/orders')
    const keys = [...orders, ...sentTo(shop.seen, 'POST', '/v1/reservations')].map(
      ({ headers }) => headers['idempotency-key'],
    )
    expect(orders.length).toBeGreaterThan(20)
    expect(new Set(keys).size).toBe(keys.length)
    expect(shop.seen.some(({ path }) => path.endsWith('/ticket'))).toBe(true)
    expect(shop.seen.some(({ path }) => path.endsWith('/ticket.pdf'))).toBe(true)
  })

  it('take a lost seat for an answer and look for others', async () => {
    await using shop = await startStubShop(undefined, { conflicts: 10 })
    const { exitCode } = await k6(run, 'soak', { GATEWAY_URL: shop.url, ...buyers })
    expect(exitCode).toBe(0)
    const reservations = sentTo(shop.seen, 'POST', '/v1/reservations').length
    expect(reservations).toBeGreaterThanOrEqual(sentTo(shop.seen, 'POST', '/v1/orders').length + 10)
  })

  it('take any other conflict for a failure', async () => {
    await using shop = await startStubShop(({ path }) =>
      path === '/v1/reservations' ? { status: 409, body: { type: 'urn:problem:other' } } : undefined,
    )
    const { exitCode, stdout } = await k6(run, 'soak', { GATEWAY_URL: shop.url, ...buyers })
    expect(stdout).toMatch(/✗ checks/)
    expect(exitCode).toBe(99)
  })

  it('press again after an error, with the same key', async () => {
    let failures = 5
    await using shop = await startStubShop(({ method, path }) =>
      method === 'POST' && path === '/v1/orders' && failures-- > 0 ? { status: 503 } : undefined,
    )
    await k6(run, 'soak', { GATEWAY_URL: shop.url, ...buyers })
    const keys = sentTo(shop.seen, 'POST', '/v1/orders').map(({ headers }) => headers['idempotency-key'])
    expect(keys.length - new Set(keys).size).toBe(5)
  })

  it('share a pool of sessions instead of signing in for each visit', async () => {
    await using shop = await startStubShop()
    await k6(run, 'soak', { GATEWAY_URL: shop.url, ...buyers, VISITORS: '5' })
    expect(sentTo(shop.seen, 'POST', '/v1/reservations').length).toBeGreaterThan(20)
    expect(sentTo(shop.seen, 'POST', '/v1/sessions').length).toBe(5)
  })

  it('renew their session before it ends, so that no request is refused', async () => {
    await using shop = await startStubShop(undefined, { tokenSeconds: 3 })
    const { exitCode } = await k6(run, 'soak', { GATEWAY_URL: shop.url, ...buyers, DURATION: '12s' })
    expect(exitCode).toBe(0)
    expect(sentTo(shop.seen, 'POST', '/v1/sessions/refresh').length).toBeGreaterThan(0)
  })

  it('fail the run when no ticket ever comes', { timeout: 90_000 }, async () => {
    await using shop = await startStubShop(({ path }) =>
      path.endsWith('/ticket') ? { status: 404, body: { type: 'urn:problem:ticket-not-ready' } } : undefined,
    )
    const { exitCode, stdout } = await k6(run, 'soak', {
      GATEWAY_URL: shop.url,
      ...buyers,
      DURATION: '1s',
      PATIENCE_SECONDS: '3',
    })
    expect(stdout).toMatch(/✗ tickets_delivered/)
    expect(exitCode).toBe(99)
  })

  it('do not come when nobody can sign in: the run fails, and says so', async () => {
    await using shop = await startStubShop(({ path }) =>
      path === '/v1/sessions' ? { status: 401 } : undefined,
    )
    const { exitCode, stderr } = await k6(run, 'soak', { GATEWAY_URL: shop.url, ...buyers, VISITORS: '1' })
    expect(stderr).toContain('none of 1 demo users could sign in')
    expect(exitCode).not.toBe(0)
  })
})

describe('the ledger', () => {
  it('has each acknowledged order, and nothing else', async () => {
    await using shop = await startStubShop(undefined, { conflicts: 3 })
    const path = join(await temporaryFolder(), 'ledger.jsonl')
    await k6(run, 'soak', { GATEWAY_URL: shop.url, ...buyers, ...ledgerAt(path) })
    const ledger = await readLedger(path)
    expect(ledger.length).toBe(shop.acknowledged.length)
    expect(new Set(ledger.map(({ orderId }) => orderId))).toEqual(new Set(shop.acknowledged))
    for (const line of ledger) {
      expect(Object.keys(line)).toEqual(['orderId', 'reservationId', 'seatIds', 'status', 'at'])
      expect(line.status).toBe('confirmed')
      expect(line.seatIds.length).toBeGreaterThan(0)
      expect(new Date(line.at).toISOString()).toBe(line.at)
    }
  })

  it('has a pending order twice: as it was acknowledged, and how it ended', async () => {
    await using shop = await startStubShop(undefined, { pending: true })
    const path = join(await temporaryFolder(), 'ledger.jsonl')
    await k6(run, 'soak', { GATEWAY_URL: shop.url, ...buyers, ...ledgerAt(path) })
    const byStatus = Map.groupBy(await readLedger(path), ({ status }) => status)
    expect(byStatus.get('pending')?.length).toBe(shop.acknowledged.length)
    expect(byStatus.get('confirmed')?.length).toBe(shop.acknowledged.length)
  })

  it('is complete to the last acknowledged order but one when k6 is killed', async () => {
    await using shop = await startStubShop()
    const path = join(await temporaryFolder(), 'ledger.jsonl')
    const { ended, kill } = await startK6(run, 'soak', {
      GATEWAY_URL: shop.url,
      ...buyers,
      DURATION: '40s',
      RATE: '20',
      ...ledgerAt(path),
    })
    await expect.poll(() => shop.acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(50)
    kill('SIGKILL')
    await ended
    const written = new Set((await readLedger(path)).map(({ orderId }) => orderId))
    const missing = shop.acknowledged.filter((id) => !written.has(id))
    // An answer may have been on its way when k6 ended; one that a script had read is written.
    expect(missing.length).toBeLessThanOrEqual(2)
    expect(missing.every((id) => shop.acknowledged.indexOf(id) >= shop.acknowledged.length - 2)).toBe(true)
  })
})
