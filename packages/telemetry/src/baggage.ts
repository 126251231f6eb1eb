import { type Baggage, type Context, propagation, type Span } from '@opentelemetry/api'
import { attributesOf } from './spans.ts'

/** The listed members alone, so that nobody can make a service carry what it does not know. */
export function listedBaggage(baggage: Baggage, keys: ReadonlySet<string>): Baggage | undefined {
  const listed = baggage.getAllEntries().filter(([key]) => keys.has(key))
  if (listed.length === 0) return undefined
  return propagation.createBaggage(Object.fromEntries(listed.map(([key, { value }]) => [key, { value }])))
}

/** A context that came from elsewhere, with the listed members of its baggage. */
export function withListedBaggage(context: Context, keys: ReadonlySet<string>): Context {
  const baggage = propagation.getBaggage(context)
  if (!baggage) return context
  const listed = listedBaggage(baggage, keys)
  return listed ? propagation.setBaggage(context, listed) : propagation.deleteBaggage(context)
}

/** Shows what a span was handed: each member of the baggage is an attribute of the same name. */
export function showBaggage(span: Span, context: Context): void {
  const baggage = propagation.getBaggage(context)
  if (!baggage) return
  const attributes = attributesOf(span)
  for (const [key, { value }] of baggage.getAllEntries()) attributes[key] = value
}
