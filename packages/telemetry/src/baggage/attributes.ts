import type { Baggage } from '@opentelemetry/api'
import type { RecordedSpan } from '../trace/span.ts'

/** Shows what a span was handed: each listed member is an attribute of the same name. */
export function pushBaggage(span: RecordedSpan, baggage: Baggage): void {
  for (const [key, { value }] of baggage.getAllEntries()) span.pushAttribute(key, value)
}
