/** Whatever fails, and in whatever order things happen: one charge at the provider, and in the end payments says the same. */
import { randomUUID } from 'node:crypto'
import type { Charge, ProviderCharge } from '@faultline/contracts'
import { Deadline, DependencyError } from '@faultline/service-kit'
import { testTelemetry } from '@faultline/test-support/telemetry'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChargeRepository, StoredCharge } from '../repositories/charges.ts'
import { PROVIDER, type ProviderRepository } from '../repositories/provider.ts'
import { ChargeMismatchError, createCharges } from './charges.ts'
import { createPaymentsMetrics } from './metrics.ts'

/** What happens to one step of a request: `before` it is done, `after` it, or nothing. */
type Trouble = 'none' | 'before' | 'after'

/** The process dies: nothing after it happens. Not an error that the domain could handle. */
class Crash extends Error {}

interface World {
  /** Trouble of the provider's next calls, first one first. */
  provider: Trouble[]
  /** Trouble of the next settlements in the database. */
  settlement: Trouble[]
  declines: boolean
}

function setUp(world: World) {
  const rows = new Map<string, StoredCharge>()
  const book = new Map<string, ProviderCharge>()
  let askedToCharge = 0

  async function troubled<T>(trouble: Trouble | undefined, error: Error, work: () => T): Promise<T> {
    if (trouble === 'before') throw error
    const result = work()
    if (trouble === 'after') throw error
    return result
  }

  const provider: ProviderRepository = {
    charge: ({ reference }) =>
      troubled(world.provider.shift(), new DependencyError(PROVIDER, 'timeout'), () => {
        askedToCharge++
        const charge = book.get(reference) ?? {
          id: randomUUID(),
          reference,
          status: world.declines ? ('declined' as const) : ('succeeded' as const),
          declineReason: world.declines ? 'card_declined' : null,
          createdAt: new Date(0).toISOString(),
        }
        book.set(reference, charge)
        return charge
      }),
    find: (reference) =>
      troubled(world.provider.shift(), new DependencyError(PROVIDER, 'timeout'), () => book.get(reference)),
  }
  const repository: ChargeRepository = {
    async insert({ id, orderId, amount, currency, requestHash, paymentToken }) {
      if (rows.has(orderId)) return
      const createdAt = new Date(0)
      rows.set(orderId, {
        ...{ id, orderId, amount, currency, requestHash, paymentToken, createdAt },
        status: 'pending',
        declineReason: null,
      })
    },
    findByOrder: async (orderId) => rows.get(orderId),
    find: async (id) => [...rows.values()].find((row) => row.id === id),
    settle: (id, { status, declineReason }) =>
      troubled(world.settlement.shift(), new Crash(), () => {
        const row = [...rows.values()].find((candidate) => candidate.id === id)
        if (row?.status !== 'pending') return false
        rows.set(row.orderId, { ...row, status, declineReason, paymentToken: null })
        return true
      }),
    claimDue: async () => [...rows.values()].filter(({ status }) => status === 'pending'),
    pending: async () => ({ count: 0, oldestSeconds: 0 }),
  }
  const telemetry = testTelemetry()
  const charges = createCharges({
    repository,
    provider,
    metrics: createPaymentsMetrics(telemetry.register),
    logger: telemetry.logger,
  })
  return { charges, rows, book, repository, telemetry, askedToCharge: () => askedToCharge }
}

const orderId = '5f0c9a52-7d3e-5b0a-9c1d-0f7c2b6f3a11'
const request = { orderId, total: { amount: 4_200, currency: 'EUR' }, paymentToken: 'tok_visa' }
const soon = () => Deadline.after(2_000)
const unlessCrash = (error: unknown): undefined => {
  if (!(error instanceof Crash)) throw error
}

const trouble = fc.constantFrom<Trouble>('none', 'none', 'before', 'after')
const steps = fc.array(fc.constantFrom('request', 'twin requests', 'reconcile'), {
  minLength: 1,
  maxLength: 8,
})
const world = fc.record({
  provider: fc.array(trouble, { maxLength: 20 }),
  settlement: fc.array(trouble, { maxLength: 8 }),
  declines: fc.boolean(),
})

describe('the life of a charge', () => {
  it('has one charge at the provider and ends as the provider says, whatever fails', {
    // Hundreds of lives, on a machine that may be busy.
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(world, steps, async (troubles, sequence) => {
        const { charges, rows, book, repository } = setUp(structuredClone(troubles))
        const rounds: Charge[][] = []
        const create = () => charges.create(request, soon()).catch(unlessCrash)
        const reconcile = async () => {
          for (const row of await repository.claimDue(5, { initialMs: 1, maxMs: 1 }, soon())) {
            await charges.reconcile(row, soon()).catch(unlessCrash)
          }
        }
        await create()
        for (const step of sequence) {
          if (step === 'reconcile') await reconcile()
          const done = await Promise.all(
            step === 'request' ? [create()] : step === 'twin requests' ? [create(), create()] : [],
          )
          rounds.push(done.flatMap((charge) => charge ?? []))
        }
        // Trouble is over at last: a bounded number of looks settles what is pending.
        for (let look = 0; look < 30; look++) await reconcile()

        const expected = troubles.declines ? 'declined' : 'succeeded'
        expect([...book.keys()]).toEqual([orderId])
        expect([...rows.values()].map(({ status }) => status)).toEqual([expected])
        // Never was anything else acknowledged than what is true in the end.
        let settled = false
        for (const answers of rounds) {
          for (const { status } of answers)
            expect(settled ? [expected] : ['pending', expected]).toContain(status)
          settled ||= answers.some(({ status }) => status !== 'pending')
        }
      }),
      { numRuns: 500 },
    )
  })

  it('counts a decline once, however often it is asked for', async () => {
    const { charges, telemetry } = setUp({
      provider: ['none', 'after', 'none'],
      settlement: [],
      declines: true,
    })
    for (let i = 0; i < 5; i++) await charges.create(request, soon())
    expect(await telemetry.value('box_office_payments_declined_total', { reason: 'card_declined' })).toBe(1)
    expect(await telemetry.value('box_office_charges_total', { outcome: 'declined' })).toBe(1)
  })

  it('does not ask the provider about what is settled', async () => {
    const { charges, askedToCharge } = setUp({ provider: [], settlement: [], declines: false })
    for (let i = 0; i < 5; i++) expect((await charges.create(request, soon())).status).toBe('succeeded')
    expect(askedToCharge()).toBe(1)
  })

  it.each([
    ['another amount', { ...request, total: { amount: 1, currency: 'EUR' } }],
    ['another currency', { ...request, total: { amount: 4_200, currency: 'USD' } }],
    ['another token', { ...request, paymentToken: 'tok_other' }],
  ])('refuses %s for the same order, also when it is settled', async (_, other) => {
    const { charges, askedToCharge } = setUp({ provider: [], settlement: [], declines: false })
    await charges.create(request, soon())
    await expect(charges.create(other, soon())).rejects.toThrow(ChargeMismatchError)
    expect(askedToCharge()).toBe(1)
  })
})
