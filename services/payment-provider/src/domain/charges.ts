import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProviderCharge, ProviderChargeRequest } from '@faultline/contracts'
import type { MetricsRegistry } from '@faultline/service-kit'
import { Counter } from 'prom-client'
import type { ChargeRepository, StoredCharge } from '../repositories/charges.ts'
import { type FateSettings, fateOf } from './fate.ts'
import type { Workers } from './workers.ts'

/** A reference that has a charge was sent with another amount or token. */
export class ReferenceReusedError extends Error {
  override readonly name = 'ReferenceReusedError'
}

/** The provider failed before it charged anything, as its fate had it. */
export class ProviderFailedError extends Error {
  override readonly name = 'ProviderFailedError'
}

export interface ChargesOptions {
  repository: ChargeRepository
  fate: FateSettings
  workers: Workers
  register: MetricsRegistry
}

export type Charges = ReturnType<typeof createCharges>

export function createCharges({ repository, fate: settings, workers, register }: ChargesOptions) {
  const entered = new Counter({
    name: 'payment_provider_charges_total',
    help: 'Charges entered, by how they ended; repeats are not counted',
    labelNames: ['status'],
    registers: [register],
  })
  const failures = new Counter({
    name: 'payment_provider_failures_total',
    help: 'Requests that failed as their fate had it: refused before charging, or lost after it',
    labelNames: ['kind'],
    registers: [register],
  })
  const abandoned = new Counter({
    name: 'payment_provider_abandoned_requests_total',
    help: 'Requests worked off though the caller had gone before a worker took them',
    registers: [register],
  })
  for (const status of ['succeeded', 'declined']) entered.inc({ status }, 0)
  for (const kind of ['refused', 'lost']) failures.inc({ kind }, 0)

  function enter(request: ProviderChargeRequest, declineReason: string | null): StoredCharge | undefined {
    const { reference, total, paymentToken } = request
    const charge: StoredCharge = {
      id: randomUUID(),
      reference,
      ...total,
      paymentToken,
      status: declineReason === null ? 'succeeded' : 'declined',
      declineReason,
      createdAt: new Date().toISOString(),
    }
    if (!repository.insert(charge)) return undefined
    entered.inc({ status: charge.status })
    return charge
  }

  async function work(latencyMs: number, isAwaited: () => boolean): Promise<void> {
    if (!isAwaited()) abandoned.inc()
    await sleep(latencyMs)
  }

  return {
    /**
     * Charges once per reference. A repeat costs a worker as much time as the first request, as the provider has to ask
     * on its side, too.
     *
     * @param isAwaited whether the caller still waits for the answer; it is worked for all the same
     * @returns `lost` is not to be answered
     * @throws ReferenceReusedError, ProviderFailedError, OverloadedError
     */
    create: (request: ProviderChargeRequest, isAwaited: () => boolean) =>
      workers(async () => {
        const { reference, total, paymentToken } = request
        const { latencyMs, declineReason, failure } = fateOf(settings, reference, paymentToken)
        await work(latencyMs, isAwaited)
        if (failure === 'refused' && repository.refuse(reference)) {
          failures.inc({ kind: failure })
          throw new ProviderFailedError()
        }
        const created = enter(request, declineReason)
        const charge = created ?? repository.find(reference)
        if (!charge) throw new Error('a charge is neither new nor there')
        const same =
          charge.amount === total.amount &&
          charge.currency === total.currency &&
          charge.paymentToken === paymentToken
        if (!same) throw new ReferenceReusedError()
        const lost = failure === 'lost' && created !== undefined
        if (lost) failures.inc({ kind: failure })
        return { charge: toCharge(charge), created: created !== undefined, lost }
      }),

    /** The charge with this reference, if there is one. @throws OverloadedError */
    find: (reference: string, isAwaited: () => boolean) =>
      workers(async () => {
        await work(fateOf(settings, reference, '').latencyMs, isAwaited)
        const charge = repository.find(reference)
        return charge && toCharge(charge)
      }),
  }
}

function toCharge({ id, reference, status, declineReason, createdAt }: StoredCharge): ProviderCharge {
  return { id, reference, status, declineReason, createdAt }
}
