import { createHash } from 'node:crypto'
import type { Scope } from '@faultline/contracts'
import type { Client } from 'pg'
import { hashPassword, matchesHash } from './domain/passwords.ts'

const VISITOR: readonly Scope[] = ['orders:read', 'orders:write']
const ORGANISER: readonly Scope[] = [...VISITOR, 'webhooks:manage', 'concerts:write']

export interface DemoUser {
  id: string
  username: string
  scopes: readonly Scope[]
}

/** The users of the demonstration: 50 visitors and 3 organisers, always with the same ids. */
export const demoUsers: readonly DemoUser[] = [
  ...Array.from({ length: 50 }, (_, index) => demoUser(`visitor-${index + 1}`, VISITOR)),
  ...Array.from({ length: 3 }, (_, index) => demoUser(`organiser-${index + 1}`, ORGANISER)),
]

function demoUser(username: string, scopes: readonly Scope[]): DemoUser {
  const digest = createHash('sha256').update(`faultline/user/${username}`).digest('hex')
  // A UUID of version 8 (RFC 9562): made by a rule of our own.
  const variant = ((Number.parseInt(digest.slice(16, 17), 16) & 0x3) | 0x8).toString(16)
  const id = [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `8${digest.slice(13, 16)}`,
    `${variant}${digest.slice(17, 20)}`,
    digest.slice(20, 32),
  ].join('-')
  return { id, username, scopes }
}

/**
 * Makes the demonstration's users, or gives them the password when it is another one now. All of them share one
 * hash, as they share one published password: 53 slow hashes would only delay the start.
 *
 * @returns whether anything was changed
 */
export async function seedUsers(client: Client, password: string): Promise<boolean> {
  const { rows } = await client.query<{ hash: string }>(
    'SELECT password_hash AS hash FROM gateway.users WHERE id = ANY($1)',
    [demoUsers.map(({ id }) => id)],
  )
  const [first] = rows
  const complete = rows.length === demoUsers.length && rows.every(({ hash }) => hash === first?.hash)
  if (first && complete && (await matchesHash(password, first.hash))) return false
  const hash = await hashPassword(password)
  await client.query('BEGIN')
  for (const { id, username, scopes } of demoUsers) {
    await client.query(
      `INSERT INTO gateway.users (id, username, password_hash, scopes) VALUES ($1, $2, $3, $4)
       ON CONFLICT (id) DO UPDATE SET password_hash = EXCLUDED.password_hash, scopes = EXCLUDED.scopes`,
      [id, username, hash, [...scopes]],
    )
  }
  await client.query('COMMIT')
  return true
}
