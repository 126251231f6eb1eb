import type { AnyValue, Attributes } from '@opentelemetry/api'

const NAMES = new Map([
  ['type', 'exception.type'],
  ['message', 'exception.message'],
  ['stack', 'exception.stacktrace'],
])

/** An error as pino's serializer leaves it, under the names of the semantic conventions. */
export function exceptionAttributes(error: AnyValue): Attributes {
  if (typeof error !== 'object' || error === null) return { 'exception.message': String(error) }
  return Object.fromEntries(
    Object.entries(error).map(([key, value]) => [NAMES.get(key) ?? `exception.${key}`, value]),
  )
}
