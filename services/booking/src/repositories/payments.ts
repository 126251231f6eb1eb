import { type ChargeRequest, chargeSchema, IDEMPOTENCY_KEY_HEADER } from '@faultline/contracts'
import { type Deadline, DependencyError, type HttpClient, type ServiceTokens } from '@faultline/service-kit'

/** Name of the dependency in problems, metrics and spans. */
export const PAYMENTS = 'payments'

/** What payments says of an order's charge. */
export type ChargeAnswer =
  | { readonly status: 'succeeded' | 'pending' }
  | { readonly status: 'declined'; readonly reason: string }

export interface PaymentRepository {
  /**
   * Asks to charge for an order. Payments charges once an order however often it is asked, as the order's id is the
   * idempotency key.
   *
   * @throws DependencyError when it is not known what payments did
   */
  charge(request: ChargeRequest, deadline: Deadline): Promise<ChargeAnswer>
}

export function createPaymentRepository(
  client: Pick<HttpClient, 'call'>,
  tokens: Pick<ServiceTokens, 'token'>,
): PaymentRepository {
  return {
    async charge(request, deadline) {
      const { status, body } = await client.call({
        method: 'POST',
        path: '/charges',
        headers: {
          authorization: `Bearer ${await tokens.token()}`,
          'content-type': 'application/json',
          [IDEMPOTENCY_KEY_HEADER]: request.orderId,
        },
        body: JSON.stringify(request),
        idempotent: true,
        deadline,
      })
      if (status >= 300) throw new DependencyError(PAYMENTS, 'error_answer', new Error(`answered ${status}`))
      return parse(body, request.orderId)
    },
  }
}

function parse(body: string, orderId: string): ChargeAnswer {
  let charge: ReturnType<typeof chargeSchema.parse>
  try {
    charge = chargeSchema.parse(JSON.parse(body))
  } catch (error) {
    throw new DependencyError(PAYMENTS, 'invalid_answer', error)
  }
  // Money is not matched to an order by the order of answers.
  if (charge.orderId !== orderId) {
    throw new DependencyError(PAYMENTS, 'invalid_answer', new Error('answered for another order'))
  }
  if (charge.status !== 'declined') return { status: charge.status }
  return { status: 'declined', reason: charge.declineReason ?? 'unspecified' }
}
