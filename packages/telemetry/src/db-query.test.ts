import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { summarizeQuery } from './db-query.ts'

describe('query summary', () => {
  it.each([
    ['SELECT * FROM concerts WHERE id = $1', 'SELECT', 'concerts', 'SELECT concerts'],
    [
      '  select c.* from box_office.concerts c join "venues" v on true',
      'SELECT',
      'box_office.concerts',
      'SELECT box_office.concerts venues',
    ],
    ['INSERT INTO seats (id) VALUES ($1)', 'INSERT', 'seats', 'INSERT seats'],
    ['UPDATE seats SET taken = true', 'UPDATE', 'seats', 'UPDATE seats'],
    ['-- why\n/* and how */ DELETE FROM seats', 'DELETE', 'seats', 'DELETE seats'],
    ['BEGIN', 'BEGIN', '', 'BEGIN'],
    ["SELECT 'taken from venues' FROM concerts", 'SELECT', 'concerts', 'SELECT concerts'],
    ['SELECT * FROM generate_series(1, 3)', 'SELECT', '', 'SELECT'],
    [
      'WITH free AS (SELECT concert_id FROM seats), best AS (SELECT 1) SELECT * FROM concerts JOIN free ON true',
      'SELECT',
      'seats',
      'SELECT seats concerts',
    ],
    ['CREATE TABLE IF NOT EXISTS migrations (id int)', 'CREATE', 'migrations', 'CREATE migrations'],
    ['SELECT id FROM seats FOR UPDATE SKIP LOCKED', 'SELECT', 'seats', 'SELECT seats'],
    ['INSERT INTO a VALUES (1) ON CONFLICT DO UPDATE SET b = 1', 'INSERT', 'a', 'INSERT a'],
    ['SELECT 1 FROM a WHERE b IS DISTINCT FROM c', 'SELECT', 'a', 'SELECT a'],
    ['SELECT 1 FROM unnest($1::uuid[]) AS ids', 'SELECT', '', 'SELECT'],
    ['', '', '', ''],
  ])('reads %s', (text, operation, collection, summary) => {
    expect(summarizeQuery(text)).toEqual({ operation, collection, summary })
  })

  it('never shows a literal and never fails', () => {
    fc.assert(
      fc.property(fc.string(), fc.stringMatching(/^[a-z]{8,20}$/), (noise, secret) => {
        const { summary } = summarizeQuery(
          `SELECT a FROM t WHERE b = 'from ${secret}' ${noise.replaceAll(secret, '')}`,
        )
        expect(summary).not.toContain(secret)
        expect(summary.length).toBeLessThanOrEqual(255)
      }),
    )
  })
})
