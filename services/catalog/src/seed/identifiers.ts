import { hash } from 'node:crypto'

/** Namespace of the kit's generated identifiers: a UUID like any other, only fixed. */
const NAMESPACE = Buffer.from('6f1c9f0e4b5d4c7e9a2f3d8b7c6a5e41', 'hex').toString('latin1')

/**
 * The same name always gives the same UUID (version 5), so that seeding twice, or on two machines, gives the
 * same rows.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-5
 */
export function nameBasedUuid(name: string): string {
  const digest = hash('sha1', Buffer.from(NAMESPACE + name, 'latin1'), 'hex')
  const variant = ((Number.parseInt(digest.slice(16, 18), 16) & 0x3f) | 0x80).toString(16)
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-${variant}${digest.slice(18, 20)}-${digest.slice(20, 32)}`
}

/** A number in [0, 1) that follows from an identifier alone; the source of all variety in seed data. */
export function fractionOf(id: string): number {
  return Number.parseInt(id.slice(24, 32), 16) / 0x1_0000_0000
}
