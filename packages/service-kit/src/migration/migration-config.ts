import { z } from 'zod'
import { loadConfig } from '../config/load-config.ts'
import { postgresUrl } from '../config/variables.ts'

/** @param role login role that the service uses */
const schemaOf = (role: string) =>
  z.object({
    DATABASE_OWNER_URL: postgresUrl(
      'the URL of the database with a role that may create roles and schemas',
      'postgres://postgres:secret@127.0.0.1:5432/box_office',
    ),
    DATABASE_URL: postgresUrl(
      `the URL that the service uses: its role must be ${role} and gets the password given there`,
      `postgres://${role}:secret@127.0.0.1:15432/box_office`,
    ).refine((url) => {
      const parsed = URL.parse(url)
      return parsed?.username === role && parsed.password !== ''
    }, `does not name the role ${role} with a password`),
  })

/** How a migration reaches the database, and the password that the service's role gets. */
export interface MigrationConfig {
  ownerUrl: string
  servicePassword: string
}

/**
 * What the migration of a service is told: `DATABASE_OWNER_URL` and `DATABASE_URL`.
 *
 * @param role login role that the service uses; migrations grant rights to this name
 * @throws ConfigurationError naming every wrong variable
 */
export function loadMigrationConfig(role: string, env: NodeJS.ProcessEnv = process.env): MigrationConfig {
  const { DATABASE_OWNER_URL, DATABASE_URL } = loadConfig(schemaOf(role), env)
  return {
    ownerUrl: DATABASE_OWNER_URL,
    servicePassword: decodeURIComponent(new URL(DATABASE_URL).password),
  }
}
