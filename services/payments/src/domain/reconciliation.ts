/** What payments does beside answering requests. Any number of replicas may do it at once. */
import { Deadline } from '@faultline/service-kit'
import { SpanStatusCode, trace } from '@opentelemetry/api'
import type { ChargeRepository } from '../repositories/charges.ts'
import type { Charges } from './charges.ts'
import type { PaymentsMetrics } from './metrics.ts'

export interface ReconciliationOptions {
  charges: Pick<Charges, 'reconcile'>
  /** For looks that mostly find nothing: several a second belong in no trace. */
  quiet: Pick<ChargeRepository, 'claimDue' | 'pending'>
  metrics: Pick<PaymentsMetrics, 'pending' | 'oldestPendingSeconds'>
}

export const reconciliationDefaults = {
  /** Charges asked about at a time: few, so that a provider that struggles is not asked for more than it can. */
  batch: 5,
  /** Pause before a charge is asked about again, in milliseconds: twice as long each time. */
  backoff: { initialMs: 1_000, maxMs: 10_000 },
  /** Time that the provider gets, in milliseconds. */
  timeoutMs: 2_000,
  /** Time for the statements of a round, in milliseconds. */
  statementTimeoutMs: 2_000,
}

/** @returns for each kind of work one round, which says whether there is more to do at once */
export function createReconciliation({ charges, quiet, metrics }: ReconciliationOptions) {
  const limits = reconciliationDefaults
  const deadline = () => Deadline.after(limits.statementTimeoutMs)
  return {
    /** Asks the provider about charges whose request timed out, or died. */
    async reconcile(): Promise<boolean> {
      const due = await quiet.claimDue(limits.batch, limits.backoff, deadline())
      await Promise.all(
        due.map((charge) =>
          inSpan('charge reconcile', () => charges.reconcile(charge, Deadline.after(limits.timeoutMs))),
        ),
      )
      return due.length === limits.batch
    },

    /** Says how many charges wait, and how long they have. */
    async observe(): Promise<boolean> {
      const { count, oldestSeconds } = await quiet.pending(deadline())
      metrics.pending.set(count)
      metrics.oldestPendingSeconds.set(oldestSeconds)
      return false
    },
  }
}

/** A span of its own for work that no request asked for. */
function inSpan<T>(name: string, work: () => Promise<T>): Promise<T> {
  return trace.getTracer('payments').startActiveSpan(name, async (span) => {
    try {
      return await work()
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR })
      if (error instanceof Error) span.recordException(error)
      throw error
    } finally {
      span.end()
    }
  })
}
