import { Webhook } from 'standardwebhooks'
import { Agent, request } from 'undici'
import { type AddressGuard, AddressRefusedError } from './address-guard.ts'

/** How telling a webhook ended; also label values, so the set is closed. */
export const DELIVERY_OUTCOMES = [
  'delivered',
  'address_refused',
  'redirect',
  'error_answer',
  'too_large',
  'timeout',
  'connection_failed',
] as const
export type DeliveryOutcome = (typeof DELIVERY_OUTCOMES)[number]

export interface WebhookMessage {
  url: string
  /** `whsec_…` */
  secret: string
  /** The same for each attempt, so that the receiver can tell a repeat. */
  id: string
  body: string
}

export interface WebhookClientOptions {
  guard: AddressGuard
  /** Longest delivery as a whole, in milliseconds. */
  timeoutMs?: number
}

/** Longest answer, in bytes: it is not read for its content. */
const MAX_ANSWER_BYTES = 16 * 1_024

export interface WebhookClient {
  /** Sends one signed request; redirects are not followed, as they would lead past the check of the address. */
  deliver(message: WebhookMessage): Promise<DeliveryOutcome>
  close(): Promise<void>
}

/** @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export function createWebhookClient({ guard, timeoutMs = 3_000 }: WebhookClientOptions): WebhookClient {
  const dispatcher = new Agent({
    connect: { lookup: guard.lookup, timeout: timeoutMs },
    maxResponseSize: MAX_ANSWER_BYTES,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    // Each delivery connects again, so that a flag or a name that changes takes effect at once.
    pipelining: 0,
  })

  return {
    async deliver({ url, secret, id, body }) {
      const sentAt = new Date()
      try {
        await guard.check(new URL(url))
        const answer = await request(url, {
          dispatcher,
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'user-agent': 'faultline-webhooks/1',
            'webhook-id': id,
            'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1_000)),
            'webhook-signature': new Webhook(secret).sign(id, sentAt, body),
          },
          body,
          signal: AbortSignal.timeout(timeoutMs),
        })
        // Read to its end, or to the limit, so that a slow or endless body counts as what it is.
        for await (const _chunk of answer.body);
        if (answer.statusCode < 300) return 'delivered'
        return answer.statusCode < 400 ? 'redirect' : 'error_answer'
      } catch (error) {
        return outcomeOf(error)
      }
    },
    close: () => dispatcher.close(),
  }
}

const OUTCOME_BY_CODE: Readonly<Record<string, DeliveryOutcome>> = {
  ERR_ADDRESS_REFUSED: 'address_refused',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'too_large',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
}

function outcomeOf(error: unknown): DeliveryOutcome {
  if (error instanceof AddressRefusedError) return 'address_refused'
  if (!(error instanceof Error)) return 'connection_failed'
  if (error.name === 'TimeoutError') return 'timeout'
  const { code } = error as NodeJS.ErrnoException
  return (code === undefined ? undefined : OUTCOME_BY_CODE[code]) ?? 'connection_failed'
}
