import { type Baggage, type BaggageEntry, propagation } from '@opentelemetry/api'

/** Longest header that is read or written, in characters: https://www.w3.org/TR/baggage/#limits */
const MAX_LENGTH = 8_192

/**
 * Reads a `baggage` header. Only listed keys are taken, so that nobody can make a service carry what it does not
 * know; properties of a member are left out, and a member that is malformed is skipped.
 *
 * @returns undefined when there is nothing to carry
 * @see https://www.w3.org/TR/baggage/#header-content
 */
export function parseBaggage(header: string, keys: ReadonlySet<string>): Baggage | undefined {
  if (keys.size === 0 || header.length > MAX_LENGTH) return undefined
  const entries: Record<string, BaggageEntry> = {}
  for (const member of header.split(',')) {
    const [pair = ''] = member.split(';', 1)
    const separator = pair.indexOf('=')
    if (separator === -1) continue
    const key = pair.slice(0, separator).trim()
    const value = keys.has(key) ? decode(pair.slice(separator + 1).trim()) : undefined
    if (value !== undefined) entries[key] = { value }
  }
  return Object.keys(entries).length === 0 ? undefined : propagation.createBaggage(entries)
}

/** Writes a `baggage` header of the listed keys. @returns an empty string for no header */
export function formatBaggage(baggage: Baggage | undefined, keys: ReadonlySet<string>): string {
  if (!baggage || keys.size === 0) return ''
  let header = ''
  for (const key of keys) {
    const entry = baggage.getEntry(key)
    if (!entry) continue
    const member = `${header === '' ? '' : ','}${key}=${encodeURIComponent(entry.value.toWellFormed())}`
    if (header.length + member.length <= MAX_LENGTH) header += member
  }
  return header
}

function decode(value: string): string | undefined {
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}
