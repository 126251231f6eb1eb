import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeQuery } from './query.ts'

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
    [
      'with recursive up (id) as materialized (select id from a union select 1 from up) insert into b select * from up',
      'INSERT',
      'a',
      'INSERT a b',
    ],
    ['CREATE TABLE IF NOT EXISTS migrations (id int)', 'CREATE', 'migrations', 'CREATE migrations'],
    ['SELECT id FROM seats FOR UPDATE SKIP LOCKED', 'SELECT', 'seats', 'SELECT seats'],
    ['INSERT INTO a VALUES (1) ON CONFLICT DO UPDATE SET b = 1', 'INSERT', 'a', 'INSERT a'],
    ['SELECT 1 FROM a WHERE b IS DISTINCT FROM c', 'SELECT', 'a', 'SELECT a'],
    ['SELECT 1 FROM unnest($1::uuid[]) AS ids', 'SELECT', '', 'SELECT'],
    ['SELECT EXTRACT(epoch FROM created_at) FROM orders', 'SELECT', 'orders', 'SELECT orders'],
    ['SELECT extract(day FROM (now())), extract((x) from y)', 'SELECT', '', 'SELECT'],
    ["SELECT substring(name from 2), trim(both 'x' from title) FROM t", 'SELECT', 't', 'SELECT t'],
    ['SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u)', 'SELECT', 't', 'SELECT t u'],
    ['(SELECT a FROM t) UNION (SELECT a FROM u)', 'SELECT', 't', 'SELECT t u'],
    ['SELECT $$ taken from venues $$', 'SELECT', '', 'SELECT'],
    ['SELECT $a$ from b $$ from c $a$ FROM d', 'SELECT', 'd', 'SELECT d'],
    ['COPY seats (id, label) FROM STDIN', 'COPY', 'seats', 'COPY seats'],
    ['COPY (SELECT id FROM seats) TO STDOUT', 'COPY', 'seats', 'COPY seats'],
    ['COPY seats FROM PROGRAM $$curl$$', 'COPY', 'seats', 'COPY seats'],
    ['CREATE TEMP TABLE picked AS SELECT 1', 'CREATE', '', 'CREATE'],
    ['CREATE TEMPORARY TABLE IF NOT EXISTS picked (id int)', 'CREATE', '', 'CREATE'],
    ['CREATE LOCAL TEMP TABLE p AS SELECT 1 FROM t; SELECT * FROM p', 'CREATE', 't', 'CREATE t'],
    ['SELECT id INTO TEMP picked FROM seats', 'SELECT', 'seats', 'SELECT seats'],
    ['INSERT INTO pg_temp.picked SELECT 1', 'INSERT', '', 'INSERT'],
    ['TRUNCATE TABLE ONLY seats', 'TRUNCATE', 'seats', 'TRUNCATE seats'],
    ['ALTER TABLE seats ADD FOREIGN KEY (a) REFERENCES b ON UPDATE CASCADE', 'ALTER', 'seats', 'ALTER seats'],
    ['SELECT "from" x, "table" y FROM "From"', 'SELECT', 'From', 'SELECT From'],
    ['GET key', 'GET', '', 'GET'],
    ['{"find":"concerts"}', '', '', ''],
    ['', '', '', ''],
  ])('reads %s', (text, operation, collection, summary) => {
    expect(describeQuery(text)).toMatchObject({ operation, collection, summary })
  })

  it('never shows a literal and never fails', () => {
    fc.assert(
      fc.property(fc.string(), fc.stringMatching(/^[a-z]{8,20}$/), (noise, secret) => {
        const { summary } = describeQuery(
          `SELECT a FROM t WHERE b = 'from ${secret}' ${noise.replaceAll(secret, '')}`,
        )
        expect(summary).not.toContain(secret)
        expect(summary.length).toBeLessThanOrEqual(255)
      }),
    )
  })

  it('finds a table wherever a statement has one', () => {
    const name = fc.stringMatching(/^[a-z_][a-z\d_]{0,10}$/).map((text) => `t_${text}`)
    const statement = fc.constantFrom(
      (table: string) => `SELECT max(a) FROM ${table} WHERE b IN (SELECT c FROM other)`,
      (table: string) => `DELETE FROM ONLY "${table}" WHERE a IS NOT DISTINCT FROM b`,
      (table: string) => `insert into ${table} (a) values ($1) on conflict (a) do update set a = 1`,
      (table: string) => `SELECT extract(year from a) FROM lateral ${table}`,
    )
    fc.assert(
      fc.property(name, statement, (table, text) => {
        expect(describeQuery(text(table)).collection).toBe(table)
      }),
    )
  })
})
