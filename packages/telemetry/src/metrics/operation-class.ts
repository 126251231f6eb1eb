import { type Attributes, SpanKind } from '@opentelemetry/api'
import { dbOperationOf, httpMethodOf, queryTextOf, systemOf, textOf } from './attribute-values.ts'

/** What an outgoing span measures, as a bit. */
export const OutgoingClass = { none: 0, database: 1, messaging: 2, http: 4 } as const

/** What a messaging span does: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#operation-types */
export type MessagingOperation = 'send' | 'receive' | 'settle' | 'process'

/** Types by their names in today's and yesterday's conventions; `create` is not sent yet and measures nothing. */
const MESSAGING_OPERATIONS: Readonly<Record<string, MessagingOperation | undefined>> = {
  send: 'send',
  publish: 'send',
  receive: 'receive',
  settle: 'settle',
  process: 'process',
  deliver: 'process',
}

/**
 * Class of a CLIENT or PRODUCER span by its attributes. A database's comes first: some are spoken to over HTTP and say
 * so. One that tells neither text nor operation only connects, and has none.
 */
export function outgoingClassOf(kind: SpanKind, attributes: Attributes): number {
  if (systemOf(attributes) !== undefined) {
    const hasQuery = queryTextOf(attributes) !== undefined || dbOperationOf(attributes) !== undefined
    return hasQuery ? OutgoingClass.database : OutgoingClass.none
  }
  if (messagingOperationOf(kind, attributes) !== undefined) return OutgoingClass.messaging
  return httpMethodOf(attributes) === undefined ? OutgoingClass.none : OutgoingClass.http
}

/** @returns undefined for a span that is none of a message, and for one that only creates it */
export function messagingOperationOf(kind: SpanKind, attributes: Attributes): MessagingOperation | undefined {
  if (attributes['messaging.system'] === undefined) return undefined
  const type = textOf(attributes['messaging.operation.type'] ?? attributes['messaging.operation'])
  if (type !== undefined)
    return Object.hasOwn(MESSAGING_OPERATIONS, type) ? MESSAGING_OPERATIONS[type] : undefined
  if (kind === SpanKind.PRODUCER) return 'send'
  return kind === SpanKind.CONSUMER ? 'process' : undefined
}
