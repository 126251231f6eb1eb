import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProviderCharge, ProviderChargeRequest } from '@faultline/contracts'
import type { ChargeRepository, StoredCharge } from '../repositories/charges.ts'
import { ProviderFailedError, ReferenceReusedError } from './errors.ts'
import { type FateSettings, fateOf } from './fate.ts'
import type { ProviderMetrics } from './metrics.ts'
import type { Workers } from './workers.ts'

export interface ChargesOptions {
  repository: ChargeRepository
  fate: FateSettings
  workers: Workers
  metrics: Pick<ProviderMetrics, 'charges' | 'failures' | 'abandoned'>
}

/** How a request for a charge ended: `lost` is not to be answered. */
export interface ChargeResult {
  charge: ProviderCharge
  created: boolean
  lost: boolean
}

export interface Charges {
  /**
   * Charges once a reference. A repeat costs a worker as much time as the first request, as the provider has to ask
   * on its side, too.
   *
   * @param isAwaited whether the caller still waits for the answer; it is worked for all the same
   * @throws ReferenceReusedError, ProviderFailedError, OverloadedError
   */
  create(request: ProviderChargeRequest, isAwaited: () => boolean): Promise<ChargeResult>
  /** The charge with this reference, if there is one. @throws OverloadedError */
  find(reference: string, isAwaited: () => boolean): Promise<ProviderCharge | undefined>
}

export function createCharges({ repository, fate: settings, workers, metrics }: ChargesOptions): Charges {
  function record(request: ProviderChargeRequest, declineReason: string | null): StoredCharge | undefined {
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
    metrics.charges.inc({ status: charge.status })
    return charge
  }

  async function work(latencyMs: number, isAwaited: () => boolean): Promise<void> {
    if (!isAwaited()) metrics.abandoned.inc()
    await sleep(latencyMs)
  }

  return {
    create: (request, isAwaited) =>
      workers(async () => {
        const { reference, total, paymentToken } = request
        const { latencyMs, declineReason, failure } = fateOf(settings, reference, paymentToken)
        await work(latencyMs, isAwaited)
        if (failure === 'refused' && repository.refuse(reference)) {
          metrics.failures.inc({ kind: failure })
          throw new ProviderFailedError()
        }
        const created = record(request, declineReason)
        const charge = created ?? repository.find(reference)
        if (!charge) throw new Error('a charge is neither new nor there')
        const same =
          charge.amount === total.amount &&
          charge.currency === total.currency &&
          charge.paymentToken === paymentToken
        if (!same) throw new ReferenceReusedError()
        const lost = failure === 'lost' && created !== undefined
        if (lost) metrics.failures.inc({ kind: failure })
        return { charge: toCharge(charge), created: created !== undefined, lost }
      }),

    find: (reference, isAwaited) =>
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
