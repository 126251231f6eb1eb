import { describe, expect, it } from 'vitest'
import { loadMigrationConfig } from './migrate.ts'

const env = {
  DATABASE_OWNER_URL: 'postgres://postgres:owner@127.0.0.1/box_office',
  DATABASE_URL: 'postgres://catalog_service:p%40ss@127.0.0.1/box_office',
}

describe('loadMigrationConfig', () => {
  it("takes the role's password from the URL that the service uses", () => {
    expect(loadMigrationConfig('catalog', env)).toEqual({
      ownerUrl: env.DATABASE_OWNER_URL,
      password: 'p@ss',
    })
  })

  it.each(['postgres://postgres:x@127.0.0.1/db', 'postgres://catalog_service@127.0.0.1/db', 'not a URL'])(
    'refuses %s for the service',
    (url) => {
      expect(() => loadMigrationConfig('catalog', { ...env, DATABASE_URL: url })).toThrow('DATABASE_URL')
    },
  )
})
