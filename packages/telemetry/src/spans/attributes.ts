import type { Attributes, Span } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'

/**
 * The attributes of a span that records, to be written to before it ends: the SDK's `setAttribute` looks through each
 * value, which is lost work for text and numbers of our own. Not for values of unknown length, which the SDK may have
 * to cut. For a span that does not record, an object that nobody reads.
 */
export function attributesOf(span: Span): Attributes {
  return (span as Partial<ReadableSpan>).attributes ?? {}
}
