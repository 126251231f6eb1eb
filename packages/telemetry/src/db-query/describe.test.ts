import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeQuery, QueryCache } from './describe.ts'

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
      // Built anew, as a driver's caller does: a flat text that nobody else holds.
      const ids = Buffer.alloc(200_000, `${index},`).toString('latin1')
      const { operation, collection, text } = cache.describe(`SELECT * FROM seats WHERE id IN (${ids})`)
      expect({ operation, collection }).toEqual({ operation: 'SELECT', collection: 'seats' })
      expect(text.length).toBeLessThan(5_000)
    }
    expect(heapUsed() - before).toBeLessThan(8 * 1024 * 1024)
    expect(cache.describe('SELECT 1').operation).toBe('SELECT')
  })
})
