/**
 * The life of a charge: entered as pending before the provider hears of it, then succeeded or declined for good, as
 * the provider says. Whatever goes wrong in between leaves it pending, and asking again cannot charge twice, as the
 * provider charges once a reference: the order's id, which stays the same even if this service forgets everything.
 */
import { createHash, randomUUID } from 'node:crypto'
import type { Charge, ChargeRequest, ProviderCharge } from '@faultline/contracts'
import { Deadline, DependencyError, type Logger } from '@faultline/service-kit'
import type { ChargeRepository, StoredCharge } from '../repositories/charges.ts'
import type { ProviderRepository } from '../repositories/provider.ts'
import type { PaymentsMetrics } from './metrics.ts'

export interface ChargesOptions {
  repository: ChargeRepository
  provider: ProviderRepository
  metrics: Pick<PaymentsMetrics, 'charges' | 'declined' | 'reconciled'>
  logger: Pick<Logger, 'info' | 'warn'>
}

/** How long reconciliation leaves a new charge to its request, in milliseconds. */
const GRACE_MS = 2_000

/** Part of a request's time that the provider does not get, for writing down and answering, in milliseconds. */
const ANSWER_MS = 300

/** Time to write down what the provider said, in milliseconds; its own, as the knowledge is precious. */
const SETTLE_TIMEOUT_MS = 2_000

export interface Charges {
  /**
   * Charges for an order, once however often it is called. The charge is pending when it is not known what the
   * provider did; that is settled later.
   *
   * @throws ChargeMismatchError when the order's charge is of another amount or token
   */
  create(request: ChargeRequest, deadline: Deadline): Promise<Charge>
  /** @throws NotFoundError */
  get(id: string, deadline: Deadline): Promise<Charge>
  /** Finds out about a charge that has been pending for a while. Never throws for what the provider does. */
  reconcile(charge: StoredCharge, deadline: Deadline): Promise<void>
}

export function createCharges({ repository, provider, metrics, logger }: ChargesOptions): Charges {
  /** Enters the charge, or finds the one that there is. */
  async function enter(request: ChargeRequest, deadline: Deadline): Promise<StoredCharge> {
    const { orderId, total, paymentToken } = request
    const requestHash = hashOf(request)
    await repository.insert(
      { id: randomUUID(), orderId, ...total, requestHash, paymentToken },
      GRACE_MS,
      deadline,
    )
    const charge = await repository.findByOrder(orderId, deadline)
    if (!charge) throw new Error('a charge that was entered is gone')
    if (!charge.requestHash.equals(requestHash)) throw new ChargeMismatchError()
    return charge
  }

  async function settle(charge: StoredCharge, answer: ProviderCharge): Promise<void> {
    const { id: providerChargeId, status } = answer
    const declineReason = status === 'declined' ? (answer.declineReason ?? 'unspecified') : null
    const settlement = { status, providerChargeId, declineReason }
    // Another replica may have been quicker, with the same answer.
    if (!(await repository.settle(charge.id, settlement, Deadline.after(SETTLE_TIMEOUT_MS)))) return
    metrics.charges.inc({ outcome: status })
    if (declineReason !== null) metrics.declined(declineReason)
    logger.info({ 'charge.id': charge.id, 'order.id': charge.orderId }, `charge ${status}`)
  }

  /** Asks the provider to charge, and settles what it answers. */
  async function charge(pending: StoredCharge, deadline: Deadline): Promise<ProviderCharge> {
    const { orderId: reference, amount, currency, paymentToken } = pending
    if (paymentToken === null) throw new Error('a charge without a payment token is not pending')
    const answer = await provider.charge({ reference, total: { amount, currency }, paymentToken }, deadline)
    await settle(pending, answer)
    return answer
  }

  return {
    async create(request, deadline) {
      const entered = await enter({ ...request, orderId: request.orderId.toLowerCase() }, deadline)
      if (entered.status !== 'pending') return toCharge(entered)
      try {
        await charge(entered, Deadline.after(deadline.remainingMs() - ANSWER_MS))
        return toCharge((await repository.find(entered.id, Deadline.after(SETTLE_TIMEOUT_MS))) ?? entered)
      } catch (error) {
        if (!(error instanceof DependencyError)) throw error
        logger.warn({ err: error, 'charge.id': entered.id }, 'not known whether it is paid; found out later')
        return toCharge(entered)
      }
    },

    async get(id, deadline) {
      const found = await repository.find(id.toLowerCase(), deadline)
      if (!found) throw new NotFoundError(`there is no charge with the id ${id}`)
      return toCharge(found)
    },

    async reconcile(pending, deadline) {
      try {
        const known = await provider.find(pending.orderId, deadline)
        if (known) await settle(pending, known)
        // The provider has never heard of it, or will: charging by the same reference does no harm either way.
        const { status } = known ?? (await charge(pending, deadline))
        metrics.reconciled.inc({ outcome: status })
      } catch (error) {
        if (!(error instanceof DependencyError)) throw error
        metrics.reconciled.inc({ outcome: 'unknown' })
        logger.warn({ err: error, 'charge.id': pending.id }, 'still not known whether it is paid')
      }
    },
  }
}

/** Tells requests for the same order apart, without keeping the token. */
function hashOf({ orderId, total, paymentToken }: ChargeRequest): Buffer {
  const canonical = JSON.stringify([orderId, total.amount, total.currency, paymentToken])
  return createHash('sha256').update(canonical).digest()
}

function toCharge({ id, orderId, status, amount, currency, declineReason, createdAt }: StoredCharge): Charge {
  return {
    id,
    orderId,
    status,
    total: { amount, currency },
    declineReason,
    createdAt: createdAt.toISOString(),
  }
}

/** There is nothing with this id. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError'
}

/** The order has a charge, of another amount or with another token. */
export class ChargeMismatchError extends Error {
  override readonly name = 'ChargeMismatchError'
}
