import { type Attributes, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'

/** Characters of a label's value; nothing that names a thing is longer. */
const MAX_LENGTH = 255

/** Type of an error of which nothing more is known: https://opentelemetry.io/docs/specs/semconv/attributes-registry/error/ */
const OTHER_ERROR = '_OTHER'

/** @returns undefined for what is no name: nothing, an empty text, a list or an object */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') {
    if (value === '') return undefined
    return value.length > MAX_LENGTH ? value.slice(0, MAX_LENGTH) : value
  }
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

/** HTTP status code of a span; undefined where no answer came or went. */
export function statusOf(attributes: Attributes): number | undefined {
  const status = attributes['http.response.status_code'] ?? attributes['http.status_code']
  if (status === undefined) return undefined
  const code = Number(status)
  return Number.isInteger(code) && code >= 100 && code < 1_000 ? code : undefined
}

export function httpMethodOf(attributes: Attributes): string | undefined {
  return textOf(attributes['http.request.method'] ?? attributes['http.method'])
}

export function systemOf(attributes: Attributes): string | undefined {
  return textOf(attributes['db.system.name'] ?? attributes['db.system'])
}

/** Text of a database span's query; undefined for none. */
export function queryTextOf(attributes: Attributes): string | undefined {
  const text = attributes['db.query.text'] ?? attributes['db.statement']
  return typeof text === 'string' && text !== '' ? text : undefined
}

export function dbOperationOf(attributes: Attributes): string | undefined {
  return textOf(attributes['db.operation.name'] ?? attributes['db.operation'])
}

/**
 * Type of a span's error: what it says itself, else what its last exception was, else that it failed. An exception of
 * a span that did not fail is one that was dealt with.
 */
export function errorTypeOf({ attributes, status, events }: ReadableSpan): string | undefined {
  const type = textOf(attributes['error.type'])
  if (type !== undefined || status.code !== SpanStatusCode.ERROR) return type
  const exception = events.findLast(({ name }) => name === 'exception')
  return textOf(exception?.attributes?.['exception.type']) ?? OTHER_ERROR
}

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
