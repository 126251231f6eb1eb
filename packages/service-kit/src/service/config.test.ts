import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  ConfigurationError,
  httpOrigins,
  integer,
  listenVariables,
  loadConfig,
  postgresUrl,
} from './config.ts'

const schema = z.object({
  ...listenVariables({ port: 8081, adminPort: 9081 }),
  CATALOG_URLS: httpOrigins('the replicas', 'http://127.0.0.1:1,http://127.0.0.1:2'),
  DATABASE_URL: postgresUrl('the database', 'postgres://user:secret@127.0.0.1/db'),
  POOL_MAX: integer('the connections, at most', { minimum: 1, maximum: 50, default: 10 }),
})

const valid = {
  PORT: '8081',
  ADMIN_PORT: '0',
  CATALOG_URLS: 'http://127.0.0.1:18082/, http://127.0.0.1:18083',
  DATABASE_URL: 'postgres://u:p@127.0.0.1:5432/box_office',
}

describe('loadConfig', () => {
  it('reads numbers, lists and defaults', () => {
    expect(loadConfig(schema, { ...valid, POOL_MAX: '' })).toEqual({
      HOST: '127.0.0.1',
      PORT: 8081,
      ADMIN_PORT: 0,
      CATALOG_URLS: ['http://127.0.0.1:18082', 'http://127.0.0.1:18083'],
      DATABASE_URL: valid.DATABASE_URL,
      POOL_MAX: 10,
    })
  })

  it('names every wrong variable at once, each with cause and way out', () => {
    const env = { ...valid, PORT: '70000', ADMIN_PORT: 'x', DATABASE_URL: undefined, POOL_MAX: '0' }
    expect(() => loadConfig(schema, env)).toThrow(
      new ConfigurationError(
        [
          'configuration is wrong:',
          '  PORT: is not a port number: the highest is 65535. Set it to the port of the API, for example PORT=8081',
          '  ADMIN_PORT: is not a port number. Set it to the port of /livez, /readyz and /metrics, for example ADMIN_PORT=9081',
          '  DATABASE_URL: is not set. Set it to the database, for example DATABASE_URL=postgres://user:secret@127.0.0.1/db',
          '  POOL_MAX: is less than 1. Set it to the connections, at most, for example POOL_MAX=10',
        ].join('\n'),
      ),
    )
  })

  it('does not echo a value, which may be a secret', () => {
    expect.assertions(1)
    try {
      loadConfig(schema, { ...valid, DATABASE_URL: 'mysql://root:hunter2@db' })
    } catch (error) {
      expect(String(error)).not.toContain('hunter2')
    }
  })

  it.each(['ftp://127.0.0.1', 'http://127.0.0.1:1,', '127.0.0.1:80'])(
    'refuses %s as a list of origins',
    (urls) => {
      expect(() => loadConfig(schema, { ...valid, CATALOG_URLS: urls })).toThrow(
        'CATALOG_URLS: is not a list',
      )
    },
  )
})
