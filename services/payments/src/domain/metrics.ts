import type { MetricsRegistry } from '@faultline/service-kit'
import { Counter, Gauge } from 'prom-client'

/** Why payments are declined, as far as metrics tell: what the provider sends is no closed set. */
const DECLINE_REASONS = ['card_declined', 'insufficient_funds', 'expired_card'] as const
const OTHER = 'other'

export type PaymentsMetrics = ReturnType<typeof createPaymentsMetrics>

export function createPaymentsMetrics(register: MetricsRegistry) {
  const registers = [register]
  const declines = new Counter({
    name: 'box_office_payments_declined_total',
    help: 'Payments that the provider declined, by its reason',
    labelNames: ['reason'],
    registers,
  })
  const charges = new Counter({
    name: 'box_office_charges_total',
    help: 'Charges settled, by how; each counts once',
    labelNames: ['outcome'],
    registers,
  })
  const reconciled = new Counter({
    name: 'box_office_charges_reconciled_total',
    help: 'Looks of reconciliation at a charge whose outcome was not known, by what they found',
    labelNames: ['outcome'],
    registers,
  })
  // A rate needs the series from the start.
  for (const reason of [...DECLINE_REASONS, OTHER]) declines.inc({ reason }, 0)
  for (const outcome of ['succeeded', 'declined']) charges.inc({ outcome }, 0)
  for (const outcome of ['succeeded', 'declined', 'unknown']) reconciled.inc({ outcome }, 0)
  return {
    /** Counts a declined charge. */
    declined(reason: string): void {
      declines.inc({ reason: DECLINE_REASONS.find((known) => known === reason) ?? OTHER })
    },
    charges,
    reconciled,
    pending: new Gauge({
      name: 'box_office_charges_pending',
      help: 'Charges whose outcome is not known',
      registers,
    }),
    oldestPendingSeconds: new Gauge({
      name: 'box_office_oldest_pending_charge_age_seconds',
      help: 'Age of the oldest charge whose outcome is not known; 0 without one',
      registers,
    }),
  }
}
