/**
 * Cursors of the lists: opaque to clients, self-describing to the service.
 *
 * A cursor is base64url over a JSON array `[version, list, fingerprint, ...key]`: the keyset position after
 * which the next page starts, bound to the list and to the filters it was made for. It holds nothing that the
 * page itself does not show, so it is validated rather than signed: every part is checked on the way in, and
 * the key only ever becomes a bound parameter of a query.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'

const VERSION = 1

/** Longest cursor accepted, in characters; the longest one made is about 200. */
export const CURSOR_MAX_LENGTH = 512

/** Why a cursor was refused, in words for the client. */
export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError'
}

/** One list's cursors: `encode` makes the cursor after an item, `decode` checks one and gives its key back. */
export interface CursorFormat<Key> {
  /** @param filters the filters of the search that the cursor continues; the same ones must come with it */
  encode(key: Key, filters?: CursorFilters): string
  /** @throws InvalidCursorError naming what is wrong with the cursor */
  decode(cursor: string, filters?: CursorFilters): Key
}

export type CursorFilters = Readonly<Record<string, string | number | undefined>>

const envelopeSchema = z.tuple([z.number(), z.string(), z.string()], z.unknown())

/**
 * Defines the cursors of one list.
 *
 * @param list name of the list; a cursor of another list is refused
 * @param keySchema the sort key, as a tuple in the order of the list
 */
export function cursorFormat<Key extends readonly unknown[]>(
  list: string,
  keySchema: z.ZodType<Key>,
): CursorFormat<Key> {
  return {
    encode(key, filters = {}) {
      const envelope = [VERSION, list, fingerprint(filters), ...key]
      return Buffer.from(JSON.stringify(envelope)).toString('base64url')
    },
    decode(cursor, filters = {}) {
      const envelope = envelopeSchema.safeParse(parseJson(cursor))
      if (!envelope.success) throw new InvalidCursorError('the cursor is malformed')
      const [version, ofList, ofFilters, ...key] = envelope.data
      if (version !== VERSION) throw new InvalidCursorError('the cursor is of an unknown version')
      if (ofList !== list) throw new InvalidCursorError(`the cursor belongs to another list than ${list}`)
      if (ofFilters !== fingerprint(filters)) {
        throw new InvalidCursorError('the cursor belongs to a search with other filters')
      }
      const parsedKey = keySchema.safeParse(key)
      if (!parsedKey.success) throw new InvalidCursorError('the cursor is malformed')
      return parsedKey.data
    },
  }
}

function parseJson(cursor: string): unknown {
  if (cursor.length > CURSOR_MAX_LENGTH) return undefined
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}

/** Same filters, same fingerprint, whatever their order; an absent filter is the same as one left out. */
function fingerprint(filters: CursorFilters): string {
  const given = Object.entries(filters)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  if (given.length === 0) return ''
  return createHash('sha256').update(JSON.stringify(given)).digest('base64url').slice(0, 12)
}
