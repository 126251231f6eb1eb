import {
  type ProviderCharge,
  type ProviderChargeRequest,
  providerChargeListSchema,
  providerChargeSchema,
} from '@faultline/contracts'
import { type Deadline, DependencyError, type HttpAnswer, type HttpClient } from '@faultline/service-kit'
import type { z } from 'zod'

/** Name of the dependency in problems, metrics and spans. */
export const PROVIDER = 'payment-provider'

export type ProviderRepository = ReturnType<typeof createProviderRepository>

/** The payment provider. Whatever is thrown leaves it unknown what the provider did. */
export function createProviderRepository(client: Pick<HttpClient, 'call'>, apiKey: string) {
  const authorization = `Bearer ${apiKey}`
  return {
    /**
     * Charges once per reference, however often it is called.
     *
     * @throws DependencyError
     */
    async charge(request: ProviderChargeRequest, deadline: Deadline): Promise<ProviderCharge> {
      const answer = await client.call({
        method: 'POST',
        path: '/v1/charges',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify(request),
        idempotent: true,
        deadline,
      })
      return ofReference(parse(answer, providerChargeSchema), request.reference)
    },

    /**
     * The charge with a reference, if the provider has one.
     *
     * @throws DependencyError
     */
    async find(reference: string, deadline: Deadline): Promise<ProviderCharge | undefined> {
      const answer = await client.call({
        method: 'GET',
        path: `/v1/charges?${new URLSearchParams({ reference })}`,
        headers: { authorization },
        deadline,
      })
      const [charge] = parse(answer, providerChargeListSchema).items
      return charge && ofReference(charge, reference)
    },
  }
}

function parse<T>({ status, body }: HttpAnswer, schema: z.ZodType<T>): T {
  if (status >= 300) throw new DependencyError(PROVIDER, 'error_answer', new Error(`answered ${status}`))
  try {
    return schema.parse(JSON.parse(body))
  } catch (error) {
    throw new DependencyError(PROVIDER, 'invalid_answer', error)
  }
}

/** Money is not matched to an order by the order of answers. */
function ofReference(charge: ProviderCharge, reference: string): ProviderCharge {
  if (charge.reference === reference) return charge
  throw new DependencyError(PROVIDER, 'invalid_answer', new Error('answered for another reference'))
}
