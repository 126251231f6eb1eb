import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeQuery, maskQuery, QueryCache } from './query.ts'

describe('masked statement', () => {
  it.each([
    ['SELECT * FROM t WHERE id = $1 AND b = ANY($22)', 'SELECT * FROM t WHERE id = $1 AND b = ANY($22)'],
    ["SELECT a FROM t WHERE b = 'O''Hara' AND c=5", 'SELECT a FROM t WHERE b = ? AND c=?'],
    ['SELECT 1, 1.5, .5, 1e-3, 0x1F, 1_000, -7', 'SELECT ?, ?, ?, ?, ?, ?, -?'],
    ['SELECT t2.col1 FROM t2 LIMIT 10', 'SELECT t2.col1 FROM t2 LIMIT ?'],
    ["SELECT E'it\\'s', E'a\\\\', b FROM t", 'SELECT ?, ?, b FROM t'],
    ["SELECT B'101', X'1F', U&'\\0041', N'x'", 'SELECT B?, X?, U&?, N?'],
    ["SELECT $$it's$$, $tag$ $$ 'x' $tag$, a", 'SELECT ?, ?, a'],
    ['SELECT "Name 5", `Column 6` FROM t', 'SELECT "Name 5", `Column 6` FROM t'],
    ["SELECT 1 -- no 'secret'\nFROM t /* 'x' */ WHERE a", 'SELECT ?  \nFROM t   WHERE a'],
    ["SELECT 'not closed FROM t", 'SELECT ?'],
    ['SELECT $$not closed FROM t', 'SELECT ?'],
    ["SELECT \"not closed, 'secret'", 'SELECT ?'],
    // Where MySQL and PostgreSQL differ on the string's end.
    ["SELECT 'it\\'s secret', b", 'SELECT ?'],
    ["SELECT 'C:\\', 'secret', b", 'SELECT ?'],
    // Nor do they agree on whether comments nest.
    ["SELECT /* /* */ it's */ 'secret'", 'SELECT  '],
    ["SELECT /* /* */ 'a */ secret'", 'SELECT  '],
    ["SELECT /*/*/ it's */ 'secret'", 'SELECT  '],
    ["SELECT a -- /* /*\n, 'b', c", 'SELECT a  \n, ?, c'],
    ['', ''],
  ])('of %s', (text, masked) => {
    expect(maskQuery(text)).toBe(masked)
  })

  const secret = fc.stringMatching(/^[a-z]{10,20}$/)
  const literal = secret.chain((text) =>
    fc.constantFrom(
      { text, literal: `'${text}'` },
      { text, literal: `'it''s ${text}'` },
      { text, literal: `E'it\\'s ${text}'` },
      { text, literal: `$$${text}'$$` },
      { text, literal: `$a_1$$$ ${text}$a_1$` },
      { text, literal: `'${text}\\''` },
      { text, literal: `/* ${text} */` },
      { text, literal: `/* /* */ it's */ '${text}'` },
      { text: '8675309', literal: '8675309.25' },
    ),
  )
  const part = fc.oneof(
    literal,
    fc.constantFrom('SELECT', ' FROM t ', '(', ')', '$1', ' = ', ',', '"Name"', '\n', ';').map((text) => ({
      text: '',
      literal: text,
    })),
  )

  it('has none of the literals', () => {
    fc.assert(
      fc.property(fc.array(part), secret, fc.constantFrom("'", '$$', '"', '/*'), (parts, last, opening) => {
        const masked = maskQuery([...parts.map(({ literal }) => literal), opening + last].join(' '))
        for (const { text } of parts) if (text !== '') expect(masked).not.toContain(text)
        expect(masked).not.toContain(last)
      }),
    )
  })

  const noise = fc.array(
    fc.oneof(fc.constantFrom("'", '"', '$', '$$', '`', '\\', '--', '/*', '*/', 'e', '1', '.'), fc.string()),
  )

  it('stays as it is when it is masked again, whatever it was', () => {
    fc.assert(
      fc.property(noise, (parts) => {
        const masked = maskQuery(parts.join(''))
        expect(maskQuery(masked)).toBe(masked)
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    "'",
    "''",
    "E'\\",
    '$a',
    '$',
    '$$',
    '"',
    '`',
    '/*',
    '/* /* */',
    '/**/',
    '--',
    '(',
    '1.',
    "a'",
    ', a(',
  ])('takes a time in proportion to the length, of many %s', (text) => {
    const [short, long] = [text.repeat(20_000), text.repeat(160_000)]
    const time = (sql: string): number => {
      const start = performance.now()
      maskQuery(sql)
      return performance.now() - start
    }
    time(short)
    // Eight times the text; if the time grew with its square, 64 times.
    expect(time(long)).toBeLessThan(Math.max(1, time(short)) * 40 + 100)
  })
})

/** Runs the garbage collector. @returns bytes in use */
function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  return process.memoryUsage().heapUsed
}

describe('query description', () => {
  it('has operation, table, summary and text without literals', () => {
    expect(describeQuery("SELECT name FROM concerts WHERE city = 'Wien' LIMIT 3")).toEqual({
      operation: 'SELECT',
      collection: 'concerts',
      summary: 'SELECT concerts',
      text: 'SELECT name FROM concerts WHERE city = ? LIMIT ?',
    })
  })

  it('is remembered', () => {
    const cache = new QueryCache()
    const text = 'SELECT 1 FROM remembered'
    expect(cache.describe(text)).toBe(cache.describe(text))
  })

  it('keeps what is asked for again when others come and go', () => {
    const cache = new QueryCache(20_000)
    const kept = cache.describe('SELECT kept')
    for (let index = 0; index < 1_000; index += 1) {
      cache.describe(`SELECT ${index} FROM passing`)
      expect(cache.describe('SELECT kept')).toBe(kept)
    }
  })

  it('never takes more bytes than it may', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 5_000, size: 'max' })),
        fc.integer({ min: 0, max: 40_000 }),
        (texts, max) => {
          const cache = new QueryCache(max)
          for (const text of texts) {
            cache.describe(text)
            expect(cache.bytes).toBeLessThanOrEqual(max)
          }
        },
      ),
    )
  })

  it('holds no memory for 1,024 statements of 200 KB each', () => {
    const cache = new QueryCache()
    const before = heapUsed()
    for (let index = 0; index < 1_024; index += 1) {
      // Built again each time, as a driver's caller does: a flat text that nobody else holds.
      const ids = Buffer.alloc(200_000, `${index},`).toString('latin1')
      const { operation, collection, text } = cache.describe(`SELECT * FROM seats WHERE id IN (${ids})`)
      expect({ operation, collection }).toEqual({ operation: 'SELECT', collection: 'seats' })
      expect(text.length).toBeLessThan(5_000)
    }
    expect(heapUsed() - before).toBeLessThan(8 * 1024 * 1024)
    expect(cache.describe('SELECT 1').operation).toBe('SELECT')
  })
})
