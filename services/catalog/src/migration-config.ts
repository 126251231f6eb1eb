import { loadConfig, postgresUrl } from '@faultline/service-kit'
import { z } from 'zod'

/** The login role that the service uses; migrations grant rights to this name. */
export const SERVICE_ROLE = 'catalog_service'

const schema = z.object({
  DATABASE_OWNER_URL: postgresUrl(
    'the URL of the database with a role that may create roles and schemas',
    'postgres://postgres:secret@127.0.0.1:5432/box_office',
  ),
  DATABASE_URL: postgresUrl(
    `the URL that the service uses: its role must be ${SERVICE_ROLE} and gets the password given there`,
    `postgres://${SERVICE_ROLE}:secret@127.0.0.1:15432/box_office`,
  ).refine((url) => {
    const parsed = URL.parse(url)
    return parsed?.username === SERVICE_ROLE && parsed.password !== ''
  }, `does not name the role ${SERVICE_ROLE} with a password`),
})

export interface MigrationConfig {
  ownerUrl: string
  servicePassword: string
}

/** @throws ConfigurationError naming every wrong variable */
export function loadMigrationConfig(env: NodeJS.ProcessEnv = process.env): MigrationConfig {
  const { DATABASE_OWNER_URL, DATABASE_URL } = loadConfig(schema, env)
  return {
    ownerUrl: DATABASE_OWNER_URL,
    servicePassword: decodeURIComponent(new URL(DATABASE_URL).password),
  }
}
