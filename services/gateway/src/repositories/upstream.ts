import { IDEMPOTENCY_KEY_HEADER } from '@faultline/contracts'
import { type HttpAnswer, type HttpCall, type HttpClient, requestIdDefaults } from '@faultline/service-kit'
import type { CallContext } from './catalog.ts'

/** What is known of the user's request that a call is made for. */
export interface UserCallContext extends CallContext {
  /** The user's access token: the service checks it again and decides what this user may do. */
  token: string
}

export interface UpstreamCall extends Pick<HttpCall, 'method' | 'path' | 'idempotent' | 'encoding'> {
  /** Sent as JSON. */
  body?: unknown
  /** The client's, passed on: it makes repeating the call safe. */
  idempotencyKey?: string
}

/** HTTP interface of a service that acts for the user; answers are as they came. */
export interface UpstreamRepository {
  /** @throws DependencyError */
  send(call: UpstreamCall, context: UserCallContext): Promise<HttpAnswer>
}

export function createUpstreamRepository(client: HttpClient): UpstreamRepository {
  return {
    send({ body, idempotencyKey, ...call }, { requestId, deadline, token }) {
      const headers = {
        [requestIdDefaults.header]: requestId,
        authorization: `Bearer ${token}`,
        ...(idempotencyKey !== undefined && { [IDEMPOTENCY_KEY_HEADER]: idempotencyKey }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      }
      return client.call({
        ...call,
        headers,
        deadline,
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(idempotencyKey !== undefined && { idempotent: true }),
      })
    },
  }
}
