import { type ChargeRequest, chargeSchema, IDEMPOTENCY_KEY_HEADER } from '@faultline/contracts'
import { type Deadline, DependencyError, type HttpClient, type ServiceTokens } from '@faultline/service-kit'

/** Name of the dependency in problems, metrics and spans. */
export const PAYMENTS = 'payments'

/** What payments says about an order's charge. */
export type ChargeOutcome =
  | { readonly status: 'succeeded' | 'pending' }
  | { readonly status: 'declined'; readonly reason: string }

export type PaymentsClient = ReturnType<typeof createPaymentsClient>

export function createPaymentsClient(client: HttpClient, tokens: ServiceTokens) {
  return {
    /**
     * Asks to charge for an order. Payments charges an order once, however often it is asked, as the order's id is the
     * idempotency key.
     *
     * @throws DependencyError when it is not known what payments did
     */
    async charge(request: ChargeRequest, deadline: Deadline): Promise<ChargeOutcome> {
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
    close: () => client.close(),
  }
}

function parse(body: string, ofOrder: string): ChargeOutcome {
  try {
    const { orderId, status, declineReason } = chargeSchema.parse(JSON.parse(body))
    // Money is not matched to an order by the order in which responses arrive.
    if (orderId !== ofOrder) throw new Error('answered for another order')
    return status === 'declined' ? { status, reason: declineReason ?? 'unspecified' } : { status }
  } catch (error) {
    throw new DependencyError(PAYMENTS, 'invalid_answer', error)
  }
}
